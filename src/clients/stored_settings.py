"""What has been set up for this installation?"""

from __future__ import annotations

from mooring.sdk import storage

from ..core.settings import SECTIONS, Settings, read_settings


def load_settings() -> Settings:
    """Read every section of the settings form as it was saved."""
    return read_settings({section: storage.settings.get(section) for section in SECTIONS})
