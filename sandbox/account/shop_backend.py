"""What is in the project `Shop backend`: twelve flags, every state an experiment can have."""

from __future__ import annotations

from typing import Any

from sandbox.account.project_builder import Delivery, Experiment, ProjectBuilder, leaf
from sandbox.account.projects import Condition, Project

SHOP_BACKEND_ID = 20_000_000_001
ATTRIBUTES = (
    "country", "plan", "age", "is_vip", "app_version", "ltv", "signup_days", "language",
)  # fmt: skip
HALVES = {"control": 5000, "treatment": 5000}
CONTROL_AND_TREATMENT: tuple[tuple[str, str, bool, dict[str, str]], ...] = (
    ("control", "Control", False, {}),
    ("treatment", "Treatment", True, {}),
)


def shop_backend() -> Project:
    """Build the project that most examples use."""
    builder = ProjectBuilder(
        Project(SHOP_BACKEND_ID, "Shop backend", "The web shop's servers", sdks=["python"]),
        block=1,
    )
    builder.environment("production", "Production", sdk_key="SandboxShopProd1", priority=1)
    builder.environment("staging", "Staging", sdk_key="SandboxShopStag1", priority=2)
    builder.environment("development", "Development", sdk_key="SandboxShopDev1", priority=3)
    builder.attributes(*ATTRIBUTES)
    builder.event("purchase", "Purchase", category="purchase")
    builder.event("add_to_cart", "Add to cart", category="add_to_cart")
    builder.event("newsletter_click", "Newsletter click", category="convert")
    audiences = _audiences(builder)
    _new_checkout(builder, audiences)
    _targeted_experiments(builder, audiences)
    _finished_flags(builder)
    _plain_flags(builder, audiences)
    return builder.project


def _fx(condition: Condition | dict[str, Any]) -> Condition:
    """Nest a condition the way Feature Experimentation's audience editor saves it."""
    return ["and", ["or", ["or", condition]]]


def _audiences(builder: ProjectBuilder) -> dict[str, Condition]:
    vip = leaf("is_vip", "exact", True)
    spender = leaf("ltv", "gt", 500)
    newcomer = leaf("signup_days", "le", 30)
    plans = ["or", leaf("plan", "exact", "pro"), leaf("plan", "exact", "enterprise")]
    named: dict[str, tuple[str, Condition]] = {
        "dutch": ("NL shoppers", _fx(leaf("country", "exact", "NL"))),
        "vip": ("VIP customers", _fx(vip)),
        "grown": (
            "Aged 25 to 44",
            ["and", ["or", leaf("age", "ge", 25)], ["or", leaf("age", "le", 44)]],
        ),
        "spender": ("Big spenders, lifetime value over 500", _fx(spender)),
        "modern_app": ("App 2.x and newer", _fx(leaf("app_version", "semver_ge", "2"))),
        "paying": ("Pro & Enterprise plans", ["and", plans]),
        "has_app": ("Has our app", _fx(leaf("app_version", "exists"))),
        "abroad": ("Not from the Netherlands", ["not", leaf("country", "exact", "NL")]),
        "newcomer": ("Newcomers (first 30 days)", _fx(newcomer)),
        "german": (
            "Spricht Deutsch, für den Münchner Laden",
            _fx(leaf("language", "substring", "de")),
        ),
        "loyal": (
            "Loyal: VIP or big spender, but no newcomer",
            ["and", ["or", vip, spender], ["not", newcomer]],
        ),
        "partner": (
            "Partner list (from the data platform)",
            _fx(
                {
                    "type": "third_party_dimension",
                    "name": "odp.audiences",
                    "match": "qualified",
                    "value": "partners",
                }
            ),
        ),
        "strange": ("Reads our blog", _fx(leaf("language", "sounds_like", "en"))),
    }
    builder.audience("Black Friday 2024", _fx(leaf("plan", "exact", "starter")), archived=True)
    return {key: builder.audience(name, conditions) for key, (name, conditions) in named.items()}


def _new_checkout(builder: ProjectBuilder, audiences: dict[str, Condition]) -> None:
    builder.flag(
        "new_checkout",
        "New checkout",
        description="One page instead of four",
        variables=(
            ("express", "boolean", "false"),
            ("button_text", "string", "Order now"),
            ("discount", "double", "0.0"),
            ("steps", "integer", "4"),
            ("layout", "json", '{"columns":1}'),
        ),
        variations=(
            ("control", "Control", False, {}),
            (
                "treatment",
                "One page",
                True,
                {
                    "express": "true",
                    "steps": "1",
                    "discount": "0.05",
                    "layout": '{"columns":2}',
                },
            ),
        ),
        production=(
            Experiment("checkout_q3", HALVES, name="Checkout Q3", metrics=("purchase",)),
            Delivery("new_checkout_vip", "on", audiences["vip"]),
        ),
        staging=(Delivery("new_checkout_testers"),),
    )


def _targeted_experiments(builder: ProjectBuilder, audiences: dict[str, Condition]) -> None:
    builder.flag(
        "loyalty_program",
        "Loyalty program",
        variations=(("bronze", "Bronze", True, {}), ("gold", "Gold", True, {})),
        production=(
            Experiment(
                "loyalty_tiers",
                {"bronze": 6000, "gold": 4000},
                audience=["or", *audiences["dutch"][1:], *audiences["german"][1:]],
                metrics=("purchase", "newsletter_click"),
            ),
            Delivery("loyalty_for_loyal", "on", audiences["loyal"]),
        ),
    )
    builder.flag(
        "ai_recommendations",
        "AI recommendations",
        variables=(("model", "string", "popular"),),
        variations=(
            ("control", "Control", False, {}),
            ("similar", "Similar items", True, {"model": "similar"}),
            ("personal", "Personal picks", True, {"model": "personal"}),
        ),
        production=(
            Experiment(
                "recommendation_models",
                {"control": 3334, "similar": 3333, "personal": 3333},
                audience=["and", *audiences["modern_app"][1:], *audiences["grown"][1:]],
                percentage=8000,
                allow_list={"anna.jansen.1@example.com": "personal"},
                metrics=("add_to_cart", "purchase"),
            ),
        ),
    )


def _finished_flags(builder: ProjectBuilder) -> None:
    builder.flag(
        "price_display",
        "Price display",
        variations=CONTROL_AND_TREATMENT,
        production=(
            Experiment(
                "price_with_tax",
                HALVES,
                status="concluded",
                metrics=("purchase",),
                outcome="positive",
                deploys="treatment",
            ),
        ),
    )
    builder.flag(
        "homepage_banner",
        "Homepage banner",
        variations=CONTROL_AND_TREATMENT,
        production=(
            Experiment(
                "banner_season",
                HALVES,
                status="concluded",
                metrics=("add_to_cart",),
                outcome="inconclusive",
            ),
        ),
    )
    builder.flag(
        "search_ranking",
        "Search ranking",
        variations=CONTROL_AND_TREATMENT,
        production=(Experiment("ranking_by_margin", HALVES, status="paused"),),
    )
    builder.flag(
        "onboarding_survey",
        "Onboarding survey",
        variations=CONTROL_AND_TREATMENT,
        production=(Experiment("survey_length", HALVES, status="draft"),),
    )


def _plain_flags(builder: ProjectBuilder, audiences: dict[str, Condition]) -> None:
    builder.flag("dark_mode", "Dark mode", production=(Delivery("dark_mode_everyone"),))
    builder.flag(
        "express_shipping",
        "Express shipping",
        production=(Delivery("express_thirty_percent", percentage=3000),),
    )
    builder.flag(
        "gift_cards",
        "Gift cards",
        description="Switched off in production until the bookkeeping is ready",
        production=(Delivery("gift_cards_everyone"),),
        on_in=("staging", "development"),
    )
    builder.flag(
        "referral_bonus",
        "Referral bonus",
        variations=(("double", "Double bonus", True, {}),),
        production=(
            Delivery("referral_double_newcomers", "double", audiences["newcomer"], 2000),
            Delivery("referral_paying", "on", audiences["paying"], 5000),
            Delivery("referral_spenders", "on", audiences["spender"]),
        ),
    )
    builder.flag(
        "old_wishlist",
        "Old wish list",
        production=(Delivery("old_wishlist_everyone"),),
        archived=True,
    )
