"""Fault rules: which things they take, in which order they are asked, and how often they still will be.

A rule is data: what it is about, filters, how often, when, and a verdict. A book asks its rules in the order of their
installation; the first that takes a thing decides about it, and no later one sees it. A rule takes what fits all of its
filters (a filter that is left out fits anything; `*` in one stands for any text), inside its time window, from the
`nth` such thing on, `times` times, and then only with its probability, which is drawn from the book's seed, the rule's
number and the number of the thing: a run with the same seed sees the same faults.

What a filter means depends on what is seen. Requests: method, path, `where` their parameters by wire name; those of the
WebSocket API have the method and path of their REST twin, and their own name as `event`. Responses: the same, and
`status` is the HTTP status. Frames: `event`, and the fields of `scenario.Event`; `where` names fields of the event by
their path (`o.S`); the reply to a control message is taken only by a rule that names it as `event`. Handshakes: path
and, as `where`, the query. `order` is a clientOrderId or an orderId, of conditional orders too.

Rules of conditions (`Lag`, `Skew`) are asked apart, by `conditions`: they take a request away from no other rule.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from typing import Final, Self

import msgspec

from simulator.core.faults.rule_check import described, mistakes
from simulator.core.faults.sighting import Sight, filter_of
from simulator.core.faults.verdict import (
    CONDITIONS,
    SIGHTS,
    Drip,
    Hold,
    Lag,
    RefuseThenAccept,
    Respond,
    Skew,
    Stall,
    Throttle,
    Verdict,
    What,
)
from simulator.core.market.draw import drawn
from simulator.core.rest.read_lag import LagTerms, ReadLag
from simulator.errors import BadFaultError

__all__ = ["Conditions", "Installed", "Rule", "RuleBook", "Sight"]

_USED_UP_KEPT: Final = 100
_ALL_OF_64_BITS: Final = 1 << 64


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fault as data. Texts that are left empty, and `connection` 0, fit anything."""

    on: What
    verdict: Verdict
    name: str = ""
    """What to call it where it is shown."""
    method: str = ""
    path: str = ""
    event: str = ""
    status: str = ""
    """Of a frame, the order's status; of a response, the HTTP status: "503", "5*"."""
    execution_type: str = ""
    reason: str = ""
    symbol: str = ""
    order: str = ""
    """clientOrderId or orderId."""
    account: str = ""
    connection: int = 0
    where: Mapping[str, str] = {}
    nth: int = 1
    """From the how manieth thing that fits, while the rule holds."""
    times: int | None = None
    """How many things; None: every one."""
    probability: float = 1.0
    after_s: float = 0.0
    """How many seconds of the exchange's time after its installation the rule begins to hold."""
    for_s: float | None = None
    """For how many seconds it holds then, and what it holds or slows down stays so; None: for ever."""


class Conditions(msgspec.Struct, frozen=True):
    """What holds for a request: how late the databases are that it reads, and the skew of the server's clock, in ms."""

    lag: ReadLag | None = None
    skew_ms: int = 0


_NO_CONDITIONS: Final = Conditions()


class Installed:
    """A rule at work. `number` names it over HTTP, `hits` counts what it took. As a context manager it ends itself."""

    def __init__(self, rule: Rule, number: int, now_ms: int, book: RuleBook) -> None:
        self.rule = rule
        self.number = number
        self.hits = 0
        self.left = _times_of(rule)
        self._begins_ms = now_ms + round(rule.after_s * 1000)
        self.ends_ms = None if rule.for_s is None else self._begins_ms + round(rule.for_s * 1000)
        """When it will take nothing any more; None: never."""
        self.read_lag = _read_lag_of(rule.verdict)
        self._fits = filter_of(rule)
        self._book = book
        self._seen = 0

    @property
    def verdict(self) -> Verdict:
        """What the rule does."""
        return self.rule.verdict

    @property
    def title(self) -> str:
        """What the journal calls it."""
        return f"fault {self.number} {self.rule.name}".rstrip()

    def remove(self) -> None:
        """Take nothing any more. What is held stays held."""
        self.left = 0
        self._book.forget(self)

    cancel = remove

    def release(self) -> None:
        """Take nothing any more, and send what the rule holds, in its order."""
        self.remove()
        self.let_go()

    def let_go(self) -> None:
        """Send what the rule holds, in its order, and slow nothing down any more."""
        self._book.on_release(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def is_over(self, now_ms: int) -> bool:
        """Say whether the rule will never take anything again."""
        return self.left == 0 or (self.ends_ms is not None and now_ms >= self.ends_ms)

    def take(self, sight: Sight, now_ms: int, seed: int) -> Verdict | None:
        """Return the verdict and count it, if the rule has any left and this is for it."""
        if now_ms < self._begins_ms or self.is_over(now_ms) or not self._fits(sight):
            return None
        self._seen += 1
        if self._seen < self.rule.nth or not self._is_drawn(seed):
            return None
        if self.left is not None:
            self.left -= 1
        self.hits += 1
        verdict = self.rule.verdict
        if isinstance(verdict, RefuseThenAccept):
            return Respond(verdict.status, verdict.code, verdict.message)
        return verdict

    def _is_drawn(self, seed: int) -> bool:
        probability = self.rule.probability
        return probability >= 1 or drawn(seed, self.number, self._seen) < probability * _ALL_OF_64_BITS

    def __repr__(self) -> str:
        left = "always" if self.left is None else f"{self.left} left"
        return f"<Fault {self.number} {described(self.rule)}, {self.hits} hits, {left}>"


class RuleBook:
    """The rules that are installed. `on_release` is told whose held frames have to go out.

    `on_limited` is told, once, of each that has held or slowed down something, and that is to let it go when it ends.
    """

    def __init__(self, seed: int = 0) -> None:
        self.on_release: Callable[[Installed], None] = lambda _: None
        self.on_limited: Callable[[Installed], None] = lambda _: None
        self._seed = seed
        self._last_number = 0
        self._rules: dict[str, list[Installed]] = {what: [] for what in SIGHTS}
        self._conditions: list[Installed] = []
        self._used_up: deque[Installed] = deque(maxlen=_USED_UP_KEPT)
        self._holding: list[Installed] = []
        """Those that are used up, and may still hold frames."""

    def install(self, rule: Rule, now_ms: int) -> Installed:
        """Ask this rule from now on, after all that are installed. Raises `BadFaultError` when it cannot be."""
        if problems := mistakes(rule):
            raise BadFaultError([f"{problem.path}: {problem.message}" for problem in problems])
        self._last_number += 1
        installed = Installed(rule, self._last_number, now_ms, self)
        self._list_of(installed).append(installed)
        return installed

    def decide(self, sight: Sight, now_ms: int) -> tuple[Installed, Verdict] | None:
        """Return the first rule that takes this, and what becomes of it; None: no rule does.

        `RefuseThenAccept` is told as the `Respond` that it is for those who are refused.
        """
        return self._first(self._rules[sight.what], sight, now_ms)

    def conditions(self, sight: Sight, now_ms: int) -> Conditions:
        """Return what holds for a request: by the first rule of each kind that takes it."""
        if not self._conditions:
            return _NO_CONDITIONS
        lag, skew_ms = None, 0
        for kind in CONDITIONS:
            found = self._first([each for each in self._conditions if isinstance(each.verdict, kind)], sight, now_ms)
            if found is not None:
                installed, verdict = found
                lag = installed.read_lag or lag
                skew_ms = round(verdict.seconds * 1000) if isinstance(verdict, Skew) else skew_ms
        return Conditions(lag, skew_ms)

    def watches(self, what: What) -> bool:
        """Say whether any rule is about such things, conditions included: without one nobody has to look."""
        return bool(self._rules[what]) or (what == "request" and bool(self._conditions))

    @property
    def installed(self) -> list[Installed]:
        """The rules in the order of their installation, the last used-up ones included."""
        alive = [found for rules in (*self._rules.values(), self._conditions) for found in rules]
        return sorted([*self._used_up, *self._holding, *alive], key=lambda found: found.number)

    def find(self, number: int) -> Installed | None:
        """Return the rule with this number, unless it was removed."""
        return next((found for found in self.installed if found.number == number), None)

    def release_held(self) -> None:
        """Release every rule that holds frames."""
        for found in self.installed:
            if isinstance(found.verdict, Hold):
                found.release()

    def forget(self, installed: Installed) -> None:
        """Show a rule no more, and ask it no more."""
        for rules in (self._list_of(installed), self._used_up, self._holding):
            if installed in rules:
                rules.remove(installed)

    def clear(self) -> None:
        """Remove every rule. What is held stays held."""
        for installed in self.installed:
            installed.remove()

    def _first(self, rules: list[Installed], sight: Sight, now_ms: int) -> tuple[Installed, Verdict] | None:
        taken = None
        is_any_over = False
        for installed in rules:
            verdict = installed.take(sight, now_ms, self._seed)
            if verdict is not None:
                taken = installed, verdict
            if installed.is_over(now_ms):
                is_any_over = True
            if taken is not None:
                break
        if is_any_over:
            self._put_away(now_ms)
        if taken is not None and taken[0].hits == 1 and taken[0].ends_ms is not None and _lasts(taken[1]):
            self.on_limited(taken[0])
        return taken

    def _put_away(self, now_ms: int) -> None:
        for rules in (*self._rules.values(), self._conditions):
            over = [found for found in rules if found.is_over(now_ms)]
            for found in over:
                rules.remove(found)
                (self._holding if isinstance(found.verdict, Hold) else self._used_up).append(found)

    def _list_of(self, installed: Installed) -> list[Installed]:
        if isinstance(installed.verdict, CONDITIONS):
            return self._conditions
        return self._rules[installed.rule.on]


def _lasts(verdict: Verdict) -> bool:
    """Say whether what a verdict does goes on until its rule lets go."""
    return isinstance(verdict, Hold | Drip | Throttle) or verdict == Stall(None)


def _times_of(rule: Rule) -> int | None:
    """Return how often a rule takes something: what refuses first and accepts then is used up by its refusals."""
    if isinstance(rule.verdict, RefuseThenAccept):
        return rule.verdict.times if rule.times is None else min(rule.times, rule.verdict.times)
    return rule.times


def _read_lag_of(verdict: Verdict) -> ReadLag | None:
    if not isinstance(verdict, Lag):
        return None
    terms = LagTerms(
        orders_ms=round(verdict.orders_s * 1000),
        account_ms=round(verdict.account_s * 1000),
        replicas=verdict.replicas,
    )
    return ReadLag(terms)
