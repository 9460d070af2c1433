"""When an installation needs attention, what its people are told, and when all is well again."""

from __future__ import annotations

import pytest

from mooring.adapters.database import Database
from mooring.adapters.repositories.attention import AttentionMarks
from mooring.adapters.repositories.history import History
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.notifications import Notifications
from mooring.engine.attention import AttentionDesk, how_to_renew, secret_to_renew, section_of
from mooring.errors import Conflict, CredentialsRejected
from mooring.model.form import Comparator, Element, Form, Section
from mooring.model.history import HistoryEntry
from mooring.model.installation import Installation, InstallationState
from mooring.testing.memory import MemoryApp

FORM = Form(
    (
        Section("general", "General", (Element("text", key="name"),)),
        Section("shop", "Shop connection", (Element("secret", key="token"),)),
        Section("mail", "Mail connection", (Element("secret", key="key"),)),
    )
)
REJECTED = CredentialsRejected("The token canary is refused.", hint="Make one.", section="mail")


class Bench:
    """A desk over real repositories, and what it did."""

    def __init__(self, database: Database, app: MemoryApp, installation: Installation) -> None:
        self.database, self.app, self.installation = database, app, installation
        self.resumed: list[int] = []
        self.form = FORM
        self.notifications = Notifications(database, clock=app.clock, hide=self.hide)
        self.history = History(database, clock=app.clock, actor="worker", hide=self.hide)
        self.desk = self.over(AttentionMarks(database))

    def over(self, marks: AttentionMarks) -> AttentionDesk:
        return AttentionDesk(
            marks,
            notifications=self.notifications,
            history=self.history,
            form_of=lambda _: self.form,
            answers_of=lambda _: {},
            together=self.database.write,
            resume=lambda one: self.resumed.append(one.install_id),
            hide=self.hide,
            log=lambda: self.app.log,
            clock=self.app.clock,
        )

    def hide(self, text: str) -> str:
        return text.replace("canary", "•••")

    def now(self) -> Installation:
        return Installations(self.database).get(self.installation.install_id)

    def told(self) -> list[tuple[str, str]]:
        return [(each.level, each.title) for each in reversed(self.notifications.recent())]

    def past(self) -> list[HistoryEntry]:
        return self.history.of(install_id=self.installation.install_id)


@pytest.fixture
def bench(database: Database, memory_app: MemoryApp, installation: Installation) -> Bench:
    return Bench(database, memory_app, installation)


def test_a_rejection_marks_the_section_and_tells_what_to_do(bench: Bench) -> None:
    assert bench.desk.raise_for(bench.installation, REJECTED)
    now = bench.now()
    assert now.state is InstallationState.NEEDS_ATTENTION
    assert now.attention is not None
    assert (now.attention.section, now.attention.message) == ("mail", "The token ••• is refused.")
    (told,) = bench.notifications.recent(account="local", app_id="shop")
    assert (told.level, told.title) == ("error", "Mail connection needs your attention")
    assert told.summary == "The token ••• is refused. Make one."
    assert told.details == "mooring settings shop mail --set key=-"


def test_it_is_written_into_the_history_and_the_log(bench: Bench) -> None:
    bench.desk.raise_for(bench.installation, REJECTED)
    (entry,) = bench.past()
    assert (entry.action, entry.outcome, entry.actor) == ("attention", "raised", "worker")
    assert entry.message == "mail: The token ••• is refused."
    (line,) = bench.app.log.lines
    assert (line.level, line.event) == ("warn", "installation.needs_attention")
    assert line.fields["section"] == "mail"


def test_of_many_failing_calls_people_hear_once(bench: Bench) -> None:
    assert [bench.desk.raise_for(bench.installation, REJECTED) for _ in range(5)].count(True) == 1
    assert len(bench.told()) == len(bench.past()) == 1


def test_a_save_makes_all_well_and_lets_go_on_what_waited(bench: Bench) -> None:
    bench.desk.raise_for(bench.installation, REJECTED)
    bench.app.clock.sleep(1)
    assert bench.desk.clear(bench.installation, "mail")
    assert (bench.now().state, bench.now().attention) == (InstallationState.INSTALLED, None)
    assert bench.told()[-1] == ("success", "Mail connection works again")
    assert bench.resumed == [bench.installation.install_id]
    assert [entry.outcome for entry in bench.past()] == ["cleared", "raised"]


def test_a_save_of_what_was_well_tells_nothing(bench: Bench) -> None:
    assert not bench.desk.clear(bench.installation, "mail")
    assert (bench.told(), bench.past(), bench.resumed) == ([], [], [])


def test_another_section_does_not_make_it_well(bench: Bench) -> None:
    bench.desk.raise_for(bench.installation, REJECTED)
    assert not bench.desk.clear(bench.installation, "shop")
    assert bench.now().attention is not None


def test_after_a_save_the_next_rejection_is_told_again(bench: Bench) -> None:
    bench.desk.raise_for(bench.installation, REJECTED)
    bench.app.clock.sleep(1)
    bench.desk.clear(bench.installation, "mail")
    bench.app.clock.sleep(1)
    assert bench.desk.raise_for(bench.installation, REJECTED)
    assert [level for level, _ in bench.told()] == ["error", "success", "error"]


def test_what_began_before_the_save_is_not_held_against_it(bench: Bench) -> None:
    notice = bench.desk.noticing(bench.installation, began=bench.app.clock.now())
    bench.app.clock.sleep(1)
    bench.desk.clear(bench.installation, "mail")
    notice(REJECTED)
    assert (bench.now().attention, bench.told()) == (None, [])


def test_a_failure_to_tell_leaves_no_mark_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise Conflict("The database is busy.")

    monkeypatch.setattr(bench.notifications, "add", fail)
    bench.desk.noticing(bench.installation, began=bench.app.clock.now())(REJECTED)
    assert bench.now().attention is None
    assert bench.past() == []
    (line,) = bench.app.log.lines
    assert (line.event, line.fields["error"]) == ("attention.failed", "The database is busy.")


@pytest.mark.parametrize(
    ("section", "found"),
    [("mail", "mail"), ("general", "general"), ("", "shop"), ("unheard_of", "shop")],
)
def test_the_app_names_the_section_else_it_is_the_first_that_takes_secrets(
    section: str, found: str
) -> None:
    meant = section_of(FORM, CredentialsRejected(section=section))
    assert meant is not None
    assert meant.key == found


@pytest.mark.parametrize("button", ["oauth_button", "oauth_image_button"])
def test_a_button_that_connects_takes_credentials_too(button: str) -> None:
    connects = Section("oauth", "Connect", (Element(button),))
    meant = section_of(Form((FORM.sections[0], connects)), CredentialsRejected())
    assert meant is connects


def test_without_a_secret_it_is_the_first_section_and_without_a_form_none() -> None:
    general = Form(FORM.sections[:1])
    assert section_of(general, CredentialsRejected()) is general.sections[0]
    assert section_of(Form(), CredentialsRejected(section="x")) is None


CLIENT = Comparator("empty", expected=False, key="client_id")
BOTH = Section(
    "shop",
    "Shop connection",
    (
        Element("secret", key="hidden", visible=False),
        Element("secret", key="token"),
        Element("text", key="client_id"),
        Element("oauth_button", visible=CLIENT),
    ),
)


@pytest.mark.parametrize(
    ("section", "stored", "how"),
    [
        (Section("shop", "Shop", (Element("oauth_image_button"),)), {}, "--authorize"),
        (BOTH, {"client_id": "me"}, "--authorize"),
        (BOTH, {"token": "t"}, "--set token=-"),
        (Section("shop", "Shop", (Element("text", key="name"),)), {}, ""),
    ],
)
def test_a_section_is_renewed_with_its_button_if_it_can_be_pressed_else_with_its_secret(
    section: Section, stored: dict[str, str], how: str
) -> None:
    assert how_to_renew(section, {"shop": stored}) == how
    assert secret_to_renew(section, {"shop": stored}) == ("token" if "token" in how else "")


def test_advice_names_the_section_as_people_know_it_and_the_command(bench: Bench) -> None:
    said = bench.desk.advice(bench.installation, "mail")
    assert said == "Go to section Mail connection: mooring settings shop mail --set key=-"
    bench.form = Form((Section("mail", "Mail", (Element("oauth_button"),)),))
    said = bench.desk.advice(bench.installation, "mail")
    assert said == "Go to section Mail: mooring settings shop mail --authorize"


def test_advice_without_a_section_or_a_form_leads_to_the_settings(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Go to the settings: mooring settings shop"
    assert bench.desk.advice(bench.installation, "") == said

    def fail(_: Installation) -> Form:
        raise Conflict("The app cannot be read.")

    monkeypatch.setattr(bench.desk, "_form_of", fail)
    assert bench.desk.advice(bench.installation, "mail") == f"{said} mail"


@pytest.mark.parametrize(
    ("account", "command"),
    [
        ("local", "mooring settings shop mail --set key=-"),
        ("acme", "mooring settings shop mail --set key=- --account acme"),
    ],
)
def test_the_command_names_the_account_where_it_must(
    bench: Bench, database: Database, account: str, command: str
) -> None:
    installations = Installations(database)
    found = installations.find("shop", account) or installations.create(
        app_id="shop", account=account, version="1.0.0", root="/apps/shop"
    )
    installations.set_state(found.install_id, InstallationState.INSTALLED)
    assert bench.desk.raise_for(found, REJECTED)
    assert bench.notifications.recent(account=account)[0].details == command


def test_one_account_of_two_is_marked(bench: Bench, database: Database) -> None:
    installations = Installations(database)
    made = installations.create(app_id="shop", account="b", version="1.0.0", root="/apps/shop")
    installations.set_state(made.install_id, InstallationState.INSTALLED)
    bench.desk.raise_for(bench.installation, REJECTED)
    assert installations.get(made.install_id).state is InstallationState.INSTALLED
    assert bench.notifications.recent(account="b") == []
