"""All state of the sandbox in one object, which is handed to every address."""

from __future__ import annotations

from sandbox.account.brevo import Brevo
from sandbox.account.clock import Clock
from sandbox.account.credentials import Credentials
from sandbox.account.faults import Faults
from sandbox.account.meters import Meter, Window
from sandbox.account.oauth import OAuth
from sandbox.account.optimizely import Optimizely
from sandbox.account.people import people
from sandbox.account.received import Received


class Account:
    """One customer: their Optimizely, their Brevo, and what the sandbox knows about both."""

    clock: Clock
    credentials: Credentials
    oauth: OAuth
    optimizely: Optimizely
    brevo: Brevo
    faults: Faults
    received: Received
    rest_meter: Meter
    flags_meter: Meter
    contacts_meter: Meter
    other_meter: Meter

    def __init__(self) -> None:
        self._people = tuple(people())
        self.reset()

    def reset(self) -> None:
        """Return to the state of every start; the clock too."""
        self.clock = Clock()
        self.credentials = Credentials()
        self.oauth = OAuth(self.clock)
        self.optimizely = Optimizely(self.clock)
        self.brevo = Brevo.first(self.clock, self._people)
        self.faults = Faults()
        self.received = Received(self.clock)
        self.rest_meter = Meter(self.clock, Window(50, 60))
        self.flags_meter = Meter(self.clock, Window(2, 1), Window(120, 60))
        self.contacts_meter = Meter(self.clock, Window(10, 1), Window(36_000, 3600))
        self.other_meter = Meter(self.clock, Window(100, 3600))
