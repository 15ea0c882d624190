"""The vocabulary of a scenario: what happens, when, and what is expected of the client.

A scenario is a list of steps and a list of expectations. A step says *when* (at a time of the run, on the arrival of a
request, or after something that happened) and *what the exchange does then*: to an order, to an account, to a
connection, or to the request itself. An expectation says what must be true at the end, and by when.

    Scenario(
        name="the first half fills, then the exchange cancels",
        steps=[
            Step(name="half", after=Event("ORDER_TRADE_UPDATE", status="NEW"), do=Fill(quantity="0.5")),
            Step(after="half", delay="2s", do=Cancel()),
        ],
        expect=[OrderIs(status="CANCELED", executed_quantity="0.5", within="10s")],
    )

A step acts on *its* order: the one that its trigger is about, or that an earlier step of its chain was about. Every
class here is a record of plain values, and a file has the same names in the same places (see `scenario_text`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from simulator.core.scenario.action import Action
from simulator.core.scenario.expectation import Expectation
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.notation import Duration, StepName
from simulator.core.scenario.scenario_error import Origin
from simulator.core.scenario.trigger import Connection, Event, Request

__all__ = [
    "Scenario",
    "Step",
]


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing that happens, once: exactly one of `at`, `on` and `after` says when."""

    do: Action | Sequence[Action]
    """What happens; several actions happen at the same moment, in this order."""
    name: str | None = None
    """What later steps and expectations call this step."""
    at: Duration | None = None
    """When the run is this old."""
    on: Request | None = None
    """When this request arrives, before it is executed."""
    after: Event | Request | Connection | StepName | None = None
    """Once this was sent, answered, opened or closed; or, by its name, once an earlier step was done."""
    delay: Duration = "0s"
    """How much later than that."""

    @property
    def actions(self) -> tuple[Action, ...]:
        """What happens, always as a tuple."""
        return tuple(self.do) if isinstance(self.do, Sequence) else (self.do,)


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """Steps and expectations; `play` runs it, and it passes or fails.

    The run ends when every step was done and every expectation held for `settle`, or when `timeout` is over.
    """

    name: str
    steps: Sequence[Step] = ()
    expect: Sequence[Expectation] = ()
    about: str = ""
    """What it shows, for people."""
    timeout: Duration = "60s"
    """How long the run may take, from its start."""
    settle: Duration = "1s"
    """How long everything must go on holding, so that one request too many is still seen."""
    laboratory: Laboratory | None = None
    """The world of a run in the laboratory (`simulator chaos`); without one, whatever exchange it is played on."""
    origin: Origin = field(default=Origin(), repr=False, compare=False)
    """Where it was read from."""
