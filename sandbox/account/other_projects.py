"""What is in the projects beside `Shop backend`: a second, a legacy, a classic and a closed one."""

from __future__ import annotations

from dataclasses import replace

from sandbox.account.project_builder import Delivery, Experiment, ProjectBuilder, leaf
from sandbox.account.projects import Project, RuleStatus

MOBILE_API_ID = 20_000_000_002
LEGACY_ID = 20_000_000_003
CLASSIC_ID = 20_000_000_004
CLOSED_ID = 20_000_000_005


def mobile_api() -> Project:
    """Build the second flags-first project; it shares the flag key `dark_mode` with the first."""
    builder = ProjectBuilder(
        Project(
            MOBILE_API_ID,
            "Mobile API",
            "What our apps talk to",
            sdks=["swift", "android"],
        ),
        block=2,
    )
    builder.environment("production", "Production", sdk_key="SandboxMobileProd1", priority=1)
    builder.environment("development", "Development", sdk_key="SandboxMobileDev1", priority=2)
    builder.attributes("app_version", "plan", "country", "is_vip")
    builder.event("app_open", "App open")
    builder.event("rating_given", "Rating given", category="convert")
    app_users = builder.audience(
        "App 2.3 or newer", ["and", leaf("app_version", "semver_ge", "2.3")]
    )
    abroad = builder.audience("Outside DE, with an app", [
        "and", ["not", leaf("country", "exact", "DE")], leaf("app_version", "exists"),
    ])  # fmt: skip
    builder.flag(
        "app_rating_prompt",
        "App rating prompt",
        variations=(
            ("early", "After one day", True, {}),
            ("late", "After a week", True, {}),
        ),
        production=(
            Experiment(
                "rating_moment",
                {"early": 5000, "late": 5000},
                audience=app_users,
                metrics=("rating_given",),
            ),
        ),
    )
    builder.flag(
        "dark_mode",
        "Dark mode",
        production=(Delivery("mobile_dark_mode", "on", abroad),),
    )
    builder.flag(
        "offline_mode",
        "Offline mode",
        production=(Delivery("offline_half", percentage=5000),),
    )
    builder.flag(
        "push_digest",
        "Push digest",
        production=(Delivery("push_digest_all"),),
        on_in=(),
    )
    return builder.project


def legacy_full_stack() -> Project:
    """Build the project of the older model: experiments and features instead of flags."""
    builder = ProjectBuilder(
        Project(
            LEGACY_ID,
            "Legacy full stack",
            "From before flags",
            is_flags_enabled=False,
            sdks=["java"],
        ),
        block=3,
    )
    builder.environment("production", "Production", sdk_key="SandboxLegacyProd1", priority=1)
    builder.environment("development", "Development", sdk_key="SandboxLegacyDev1", priority=2)
    builder.attributes("country", "plan")
    builder.event("signup", "Sign-up", category="sign_up")
    british = builder.audience("British visitors", ["and", leaf("country", "exact", "GB")])
    arms: tuple[tuple[str, str, bool, dict[str, str]], ...] = (
        ("control", "Control", False, {}),
        ("short", "Short form", True, {}),
    )
    halves = {"control": 5000, "short": 5000}
    builder.flag(
        "signup_form",
        "Sign-up form",
        variables=(("fields", "integer", "9"),),
        variations=arms,
        production=(
            Experiment("signup_form_length", halves, metrics=("signup",)),
            Delivery("signup_form_rollout", "on", british),
        ),
    )
    builder.flag("pdf_invoice", "PDF invoice", production=(Delivery("pdf_invoice_rollout"),))
    _standalone(builder, "landing_headline", halves, "running")
    _standalone(builder, "footer_links", halves, "paused")
    _standalone(builder, "trial_length", halves, "draft")
    _share_experiment_ids(builder.project)
    return builder.project


def _standalone(
    builder: ProjectBuilder, key: str, halves: dict[str, int], status: RuleStatus
) -> None:
    builder.flag(
        key,
        key.replace("_", " ").capitalize(),
        variations=(("control", "Control", True, {}), ("short", "Short", True, {})),
        production=(Experiment(key, halves, status=status),),
        is_feature=False,
    )


def _share_experiment_ids(project: Project) -> None:
    """Give an experiment one id in all environments, as the older model has it.

    Outside production nothing of the older project runs.
    """
    for flag in project.flags:
        live = flag.rulesets["production"].rules
        for environment in project.environments[1:]:
            ruleset = flag.rulesets[environment.key]
            ruleset.enabled = False
            ruleset.rules = [replace(rule, status="draft") for rule in live]


def classic() -> Project:
    """Build the archived project of the oldest kind."""
    return Project(
        CLASSIC_ID, "Old project", "Retired", platform="web", status="archived",
        is_classic=True, is_flags_enabled=False,
    )  # fmt: skip


def closed() -> Project:
    """Build the project that the token may not read."""
    return Project(CLOSED_ID, "Finance", "Not for everyone", readable=False)
