"""What installs fault rules on a simulator, takes them back, and shows what they did: `Simulator.faults`.

There is one book of rules for everything, `Simulator.on_request` and `Simulator.on_frame` write in it too, so the order
of installation is one order. Rules may be installed before the start; deeds need a simulator that runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Self

from simulator.core.faults.rule import Installed, Rule, RuleBook
from simulator.core.faults.rule_check import described
from simulator.core.journal import mask_text
from simulator.core.scenario.fault_reading import Meaning, named_meaning
from simulator.core.scenario.notation import matches
from simulator.core.scenario.observation import NOTHING
from simulator.errors import BadFaultError
from simulator.runtime.action import perform

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["Brought", "FaultControl"]


class Brought:
    """A fault that was brought about: its rules, and how many deeds it did. As a context manager it ends itself."""

    def __init__(self, name: str, rules: Sequence[Installed], deeds: int) -> None:
        self.name = name
        self.rules = tuple(rules)
        self.deeds = deeds

    @property
    def hits(self) -> int:
        """How many things its rules took, and how many deeds it did: one each, whether or not anything was there."""
        return self.deeds + sum(installed.hits for installed in self.rules)

    def remove(self) -> None:
        """Take nothing any more. What is held stays held, what was done stays done."""
        for installed in self.rules:
            installed.remove()

    def release(self) -> None:
        """Take nothing any more, and send what is held."""
        for installed in self.rules:
            installed.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<Brought {self.name}, {self.hits} hits, {list(self.rules)}>"


class FaultControl:
    """The fault rules of one simulator."""

    def __init__(
        self, simulator: Simulator, book: RuleBook, now_ms: Callable[[], int], record: Callable[[str], object]
    ) -> None:
        self._simulator = simulator
        self._book = book
        self._now_ms = now_ms
        self._record = record

    def __repr__(self) -> str:
        return f"<FaultControl {list(self.installed)}>"

    def install(self, rule: Rule) -> Installed:
        """Ask this rule from now on, after those that are installed. Raises `BadFaultError` when it cannot be.

        What is returned counts its `hits`, ends it with `remove()`, sends what it holds with `release()`, and as a
        context manager does both at the end of the block.
        """
        names = [account.name for account in self._simulator.accounts]
        if rule.account and not any(matches(rule.account, name) for name in names):
            raise BadFaultError([f"account: there is no {rule.account}: there are {', '.join(names)}"])
        return self._book.install(rule, self._now_ms())

    def named(self, name: str, **changes: Any) -> Brought:
        """Bring about a fault of the catalogue: install its rules, then do its deeds.

        `changes` are fields that its rules (`times`, `account`, `after_s`, ...), or its deeds (`symbol`), are to have
        otherwise. Raises `BadFaultError` for a name or a field that is not there, and whatever keeps a deed from being
        done: `NoListenKeyError` where no key is there to expire.
        """
        return self.bring_about(named_meaning(name, changes), name)

    def bring_about(self, meaning: Meaning, name: str = "") -> Brought:
        """Install rules and do deeds. If one of the deeds cannot be done, the rules are not installed either."""
        brought = Brought(name, [], 0)
        self._note(name, meaning)
        try:
            for rule in meaning.rules:
                brought.rules += (self.install(rule),)
            for deed in meaning.deeds:
                perform(self._simulator, deed, NOTHING)
                brought.deeds += 1
        except BaseException:
            brought.remove()
            raise
        return brought

    def _note(self, name: str, meaning: Meaning) -> None:
        told = "; ".join(described(rule) for rule in meaning.rules)
        self._record(mask_text(f"fault {name}: {told}".rstrip(": ")))

    def end(self, name: str | None = None) -> int:
        """End the faults of this name, or all, and send what they hold; return how many rules that were."""
        ended = [found for found in self.installed if name in {None, found.rule.name}]
        for installed in ended:
            installed.release()
        return len(ended)

    def clear(self) -> None:
        """End every rule, and send what they hold."""
        self.end()

    @property
    def installed(self) -> Sequence[Installed]:
        """The rules in the order of their installation. Of those that are used up, the last 100."""
        return self._book.installed

    def find(self, number: int) -> Installed | None:
        """Return the rule with this number, unless there is none."""
        return self._book.find(number)
