"""What must hold at every moment of a run, watched by following the exchange's journal.

- While the engine promises a bound (`TellsLiveness`), nothing that is older is unknown to it. It is held to that only
  under faults that TCP and a correct exchange allow; under the others it has to survive and to heal. Nor is it while
  its questions fail: a stream that says nothing is found out by asking.
- It behaves (`conduct`): nothing is sent twice, limits are kept.
- It does not hold more connections than it may need.

Nothing is polled while all is well: an event that the engine has not been told a second later is looked after, and so
is an engine that does not promise anything. Such a *disturbance* lasts from the first sign of it until the engine
promises its bound again and knows everything; how long, is what healing takes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from functools import cache, partial
from traceback import format_exception
from typing import Final, TypeGuard

from simulator.chaos.conduct import Conduct, planned
from simulator.chaos.engine import Engine, Liveness, Remembers, TellsLiveness
from simulator.chaos.lives import Lives
from simulator.chaos.result import Divergence, Rule
from simulator.chaos.unseen import Unseen
from simulator.core.journal import JournalEntry
from simulator.core.scenario.action import RestLag
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.scenario import Scenario
from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.server import Simulator

__all__ = ["MOST_CONNECTIONS", "Watch"]

MOST_CONNECTIONS: Final = 64
"""How many connections an engine may hold at a time, of whatever kind."""
_LIMIT_MS: Final = 60_000
"""For how long one who is refused for asking too much had better not ask: limits are counted by the minute."""
_UNTIL_LOOK_S: Final = 1.0
_MOST_S: Final = 5.0
"""How far apart looks at a long disturbance may be."""
_NO_PROMISE: Final = Liveness(float("inf"))
_UNTOLD_MS: Final = 60_000
"""What an engine that promises nothing may not have been told yet when it ends."""


class Watch:
    """Watches one run: the engine of the exchange's default account."""

    def __init__(self, simulator: Simulator, lives: Lives, scenario: Scenario, laboratory: Laboratory) -> None:
        self.divergences: list[Divergence] = []
        self.heal_ms: list[int] = []
        self._simulator = simulator
        self._lives = lives
        self._account = simulator.account.name
        self._lawful = laboratory.faults == "lawful"
        latency_ms = milliseconds(laboratory.latency)
        self._slack_ms = _longest_lag_ms(scenario) + 2 * latency_ms
        self._conduct = Conduct(self._account, planned(scenario), is_own=self._is_own, latency_ms=latency_ms)
        self._unseen = Unseen()
        self._forgiven_lives = self._known_lives = 0
        self._spoilt_ms = 0
        """When a request last suffered a fault, or until when none may be sent: what was asked then has shown nothing,
        and will be asked again.
        """
        self._speechless = False
        self._disturbed_ms = 0
        self._ends = 0
        self._pause_s = _UNTIL_LOOK_S
        self._timer: asyncio.TimerHandle | None = None
        self._context = copy_context()
        self._unsubscribe: Callable[[], object] = simulator.subscribe(self._see)

    def is_unsure(self) -> bool:
        """Say whether an engine that says what it promises promises nothing at this moment."""
        unsure: list[bool] = []
        self._ask(lambda: unsure.append(self._is_unsure()))
        return any(unsure)

    def _is_unsure(self) -> bool:
        return self._lives.trading is not None and self._promise(self._lives.trading) is None

    def expect_promise(self, when: str) -> None:
        """Say so if an engine that says what it promises promises nothing, and has a stream that could prove itself."""
        streams = self._simulator.state()["connections"]
        if not streams or not all(stream["silent"] for stream in streams):
            self._ask(partial(self._miss_promise, when))

    def _miss_promise(self, when: str) -> None:
        if self._is_unsure():
            self._diverge("late", f"{when} the engine is still sure of nothing")

    def stop(self) -> None:
        """Look for a last time, and watch no more."""
        self._unsubscribe()
        self._silence()
        self._look()
        self._silence()

    @property
    def orders_sent(self) -> int:
        """How many orders the engine has sent."""
        return self._conduct.orders_sent

    # --- the journal --------------------------------------------------------------------------------------------------

    def _see(self, entry: JournalEntry) -> None:
        if self._lives.lives > self._known_lives:
            self._known_lives = self._lives.lives
            self._conduct.begin_anew()
        self.divergences += self._conduct.see(entry)
        if entry.kind == "event" and entry.account == self._account and entry.summary != "pushed":
            if self._unseen.happened(entry.event, entry.body, entry.time_ms):
                self._look_later(_UNTIL_LOOK_S)
        elif entry.kind in {"connection", "request"}:
            self._count_connections()
        elif entry.account in {"", self._account}:
            self._note_spoilt(entry)
        if self._lives.trading is not None:
            self._ask(partial(self._hold_to, self._lives.trading, entry.time_ms))
        elif not self._disturbed_ms and self._lives.lives:
            self._look()

    def _note_spoilt(self, entry: JournalEntry) -> None:
        if entry.kind == "fault" and entry.method:
            self._spoilt_ms = max(self._spoilt_ms, entry.time_ms)
        elif entry.kind == "response" and entry.status in {418, 429}:
            self._spoilt_ms = max(entry.time_ms + _LIMIT_MS, self._conduct.quiet_until_ms)

    def _hold_to(self, engine: Engine, now_ms: int) -> None:
        promise = self._promise(engine)
        if promise is None and not self._disturbed_ms:
            self._look()
        elif promise is not None:
            kept_back_ms = _UNTOLD_MS if promise is _NO_PROMISE else round(promise.bound_s * 1000) + self._slack_ms
            self._lives.all[-1].sure_ms = now_ms - kept_back_ms

    def _is_own(self, entry: JournalEntry) -> bool:
        counters = self._simulator._floor.venue.counters  # noqa: SLF001  its own laboratory asks how much was counted
        limits, now_ms = counters.limits, entry.time_ms
        if not limits.enforced:
            return False
        ten_seconds, minute = counters.used_orders(self._account, now_ms)
        return (
            counters.banned_until(_ADDRESS, now_ms) is not None
            or counters.used_weight(_ADDRESS, now_ms) > limits.weight
            or ten_seconds >= limits.orders_10s
            or minute >= limits.orders_1m
        )

    def _count_connections(self) -> None:
        loop, present = asyncio.get_running_loop(), self._lives.present
        ends = loop.open_ends if isinstance(loop, MemoryLoop) else -1
        if ends == self._ends:
            return
        self._ends = ends
        if present is not None and len(present.life.connections()) > MOST_CONNECTIONS:
            self._diverge("leak", f"the engine holds {len(present.life.connections())} connections")

    # --- lateness -----------------------------------------------------------------------------------------------------

    def _look_later(self, delay_s: float) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(delay_s, self._on_time, context=self._context)

    def _on_time(self) -> None:
        self._timer = None
        self._look()

    def _silence(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _promise(self, engine: Engine | None) -> Liveness | None:
        if engine is None:
            return None
        return engine.liveness() if _tells_liveness(engine) else _NO_PROMISE

    def _look(self) -> None:
        self._ask(self._look_around)

    def _ask(self, questions: Callable[[], None]) -> None:
        """Ask the engine; one that cannot answer has failed, and is asked no more."""
        if self._speechless:
            return
        try:
            questions()
        except Exception as error:  # noqa: BLE001  whatever it raises is told
            self._speechless = True
            self._diverge("raised", f"the engine, asked what it knows: {''.join(format_exception(error)).rstrip()}")

    def _look_around(self) -> None:
        now_ms = self._simulator.time_ms
        engine = self._lives.trading
        promise = self._promise(engine)
        self._learn(engine)
        oldest_ms = self._unseen.oldest_ms
        is_behind = oldest_ms is not None and now_ms - oldest_ms >= _UNTIL_LOOK_S * 1000
        if self._lives.all and self._lives.all[0].ready_ms:
            self._follow_disturbance(now_ms, oldest_ms if is_behind else None, is_sure=promise is not None)
        if promise is not None and is_behind:
            self._judge(promise, now_ms)
        if self._disturbed_ms:
            self._pause_s = min(self._pause_s * 1.1, _MOST_S)
            self._look_later(self._pause_s)
        elif oldest_ms is not None:
            self._look_later(_UNTIL_LOOK_S)

    def _follow_disturbance(self, now_ms: int, oldest_ms: int | None, *, is_sure: bool) -> None:
        if oldest_ms is not None:
            self._disturbed_ms = min(self._disturbed_ms or oldest_ms, oldest_ms)
        elif not is_sure:
            self._disturbed_ms = self._disturbed_ms or now_ms
        elif self._disturbed_ms:
            self.heal_ms.append(now_ms - self._disturbed_ms)
            self._disturbed_ms, self._pause_s = 0, _UNTIL_LOOK_S

    def _learn(self, engine: Engine | None) -> None:
        for living in self._lives.all[self._forgiven_lives :]:
            if living.engine is not None:
                self._unseen.learn(living.life.number, living.engine)
            if living.ready_ms and (living.life.number == self._first_ready or not _remembers(living.engine)):
                self._unseen.forget(living.ready_ms)
            if living.life.over:
                self._forgiven_lives = living.life.number
        if engine is not None:
            self._unseen.settle(engine)

    @property
    def _first_ready(self) -> int:
        return next((living.life.number for living in self._lives.all if living.ready_ms), 0)

    def _judge(self, promise: Liveness, now_ms: int) -> None:
        if not self._lawful or promise is _NO_PROMISE:
            return
        bound_ms = round(promise.bound_s * 1000) + self._slack_ms
        if self._spoilt_ms > now_ms - bound_ms:
            return
        for event in self._unseen.take_older(now_ms - bound_ms):
            self._diverge(
                "late",
                f"{event.what} {(now_ms - event.at_ms) / 1000:.1f} s ago, and the engine, which promises to know after "
                f"{promise.bound_s:g} s, does not",
                event.about,
            )

    def _diverge(self, rule: Rule, what: str, about: str = "") -> None:
        self.divergences.append(Divergence(rule=rule, what=what, at_ms=self._simulator.time_ms, about=about))


def _tells_liveness(engine: Engine) -> TypeGuard[TellsLiveness]:
    return _kind_tells_liveness(type(engine))


@cache
def _kind_tells_liveness(kind: type[Engine]) -> bool:
    """Python 3.11 looks long for a protocol's methods, and this is asked for each entry of the journal."""
    return issubclass(kind, TellsLiveness)


_ADDRESS: Final = "127.0.0.1"


def _longest_lag_ms(scenario: Scenario) -> int:
    """Return how far REST is behind at most: what it does not show yet, no comparison can miss."""
    lags = [action for step in scenario.steps for action in step.actions if isinstance(action, RestLag)]
    return max((milliseconds(text) for lag in lags for text in (lag.orders, lag.account)), default=0)


def _remembers(engine: Engine | None) -> bool:
    return isinstance(engine, Remembers) and engine.redelivered_at_most() is not None
