"""Which plugins does a host have, the built-in ones and those of installed distributions?

Needs no home and no database, so that an app can be validated without either.
"""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping
from itertools import chain

import pluggy

from mooring import hookspecs
from mooring.errors import ConfigurationInvalid, in_words
from mooring.model.signature import SignatureProfile
from mooring.plugins import secrets, signatures


def plugin_manager(*, safe_mode: bool = False) -> pluggy.PluginManager:
    """Make a manager with the built-ins, and with installed distributions unless ``safe_mode``.

    Raises ConfigurationInvalid naming the plugin whose hook no spec knows, or that fails to load.
    """
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    manager.register(secrets, name="mooring.plugins.secrets")
    manager.register(signatures, name="mooring.plugins.signatures")
    if not safe_mode:
        load_distributions(manager)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        name = manager.get_name(error.plugin)
        wrong = str(error).partition(" in plugin ")[0]  # the rest is how Python shows the object
        raise ConfigurationInvalid(
            f"The plugin {name} does not fit this host: {wrong}.",
            hint="Update or uninstall its distribution, or start with --safe-mode.",
        ) from error
    return manager


def load_distributions(manager: pluggy.PluginManager) -> None:
    """Register the plugins of installed distributions (entry-point group ``mooring``)."""
    for distribution in importlib.metadata.distributions():
        for entry in distribution.entry_points.select(group=hookspecs.PROJECT):
            name = f"{distribution.name} {distribution.version}"
            try:
                manager.register(entry.load(), name=f"{name}: {entry.name}")
            except Exception as error:
                raise ConfigurationInvalid(
                    f"The plugin {entry.name} of {name} cannot be loaded: {in_words(error)}",
                    hint="Update or uninstall it, or start with --safe-mode.",
                ) from error


def signature_profiles(manager: pluggy.PluginManager) -> Mapping[str, SignatureProfile]:
    """Join the profiles of all plugins by name. Raises ConfigurationInvalid if two differ."""
    profiles: dict[str, SignatureProfile] = {}
    for profile in chain(*manager.hook.mooring_signature_profiles()):
        if profiles.setdefault(profile.name, profile) != profile:
            raise ConfigurationInvalid(
                f"Two plugins bring a signature profile called {profile.name}.",
                hint="Uninstall one of them, or start with --safe-mode.",
            )
    return profiles
