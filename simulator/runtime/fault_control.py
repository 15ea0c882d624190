"""What installs fault rules on a simulator, takes them back, and shows what they did: `Simulator.faults`.

There is one book of rules for everything, `Simulator.on_request` and `Simulator.on_frame` write in it too, so the order
of installation is one order. Rules may be installed before the start.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from simulator.core.faults.rule import Installed, Rule, RuleBook

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["FaultControl"]


class FaultControl:
    """The fault rules of one simulator."""

    def __init__(self, simulator: Simulator, book: RuleBook, now_ms: Callable[[], int]) -> None:
        self._simulator = simulator
        self._book = book
        self._now_ms = now_ms

    def __repr__(self) -> str:
        return f"<FaultControl {list(self.installed)}>"

    def install(self, rule: Rule) -> Installed:
        """Ask this rule from now on, after those that are installed. Raises `BadFaultError` when it cannot be.

        What is returned counts its `hits`, ends it with `remove()`, sends what it holds with `release()`, and as a
        context manager does both at the end of the block.
        """
        return self._book.install(rule, self._now_ms())

    @property
    def installed(self) -> Sequence[Installed]:
        """The rules in the order of their installation. Of those that are used up, the last 100."""
        return self._book.installed

    def find(self, number: int) -> Installed | None:
        """Return the rule with this number, unless there is none."""
        return self._book.find(number)

    def clear(self) -> None:
        """Release and remove every rule."""
        for installed in self.installed:
            installed.release()
