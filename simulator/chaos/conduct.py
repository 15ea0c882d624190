"""How an engine treats the exchange: it sends no order twice, none that nobody asked for, and keeps to the limits.

Pure: it is shown the journal, entry by entry.

- An order is sent as often as the plan says, under the client order id that the plan says: usually once. Whatever
  became of the first request, the second might be executed, too. Only a request whose timestamp was refused (-1021)
  was none: it never came as far as the order, and may be sent anew with another timestamp.
- The exchange never has to refuse a request for the limits' sake. A refusal that a script gave is none of that; it says
  so by not following from the exchange's own counts.
- Whoever is thrown out again and again waits longer each time: more than `MOST_KEYS` listen keys asked for in five
  minutes are a storm of reconnections, for which addresses were banned.
- After a refusal of either kind nothing is sent before the time that it named; after one that speaks of orders (-1015),
  no order. What was on its way when the refusal was, may arrive, and a new process knows of none.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from simulator.chaos.result import Divergence, Rule
from simulator.core.journal import JournalEntry
from simulator.core.scenario.engine_action import EnginePlace, EnginePlaceAlgo
from simulator.core.scenario.scenario import Scenario

__all__ = ["MOST_KEYS", "Conduct", "planned"]

MOST_KEYS: Final = 100
_STORM_MS: Final = 300_000

_ORDER_PATHS: Final = frozenset({"/fapi/v1/order", "/fapi/v1/algoOrder", "/fapi/v1/batchOrders"})
_TOO_MANY_ORDERS: Final = -1015
_BAD_TIMESTAMP: Final = -1021
_ON_ITS_WAY_MS: Final = 1_000
"""How long what was sent before a refusal was heard may take."""


class Conduct:
    """One account's engine.

    `planned` says how often each client order id is to be sent. `is_own` tells of an answer that refuses for a limit's
    sake whether the exchange's own counts are the reason.
    """

    def __init__(
        self,
        account: str,
        planned: Mapping[str, int],
        *,
        is_own: Callable[[JournalEntry], bool],
        latency_ms: int = 0,
    ) -> None:
        self._account = account
        self._planned = planned
        self._is_own = is_own
        self._on_its_way_ms = _ON_ITS_WAY_MS + 2 * latency_ms
        self._sent: Counter[str] = Counter()
        self._unanswered: dict[int, list[str]] = {}
        """Client order ids by the `seq` of the request that sent them."""
        self._keys: deque[int] = deque()
        """When a listen key was asked for in the last five minutes: ms."""
        self._quiet = (0, 0)
        """From when until when nothing is to be sent: ms."""
        self._quiet_for_orders = (0, 0)
        self._cut_ms = 0
        """When a stream ended last: who was asking something then may have left before the answer."""

    @property
    def quiet_until_ms(self) -> int:
        """Until when the exchange has asked to hear nothing; in the past, when it has not."""
        return self._quiet[1]

    @property
    def orders_sent(self) -> int:
        """How many orders were sent."""
        return self._sent.total()

    def begin_anew(self) -> None:
        """Another process begins: it was refused nothing yet."""
        self._quiet = self._quiet_for_orders = (0, 0)
        self._keys.clear()

    def see(self, entry: JournalEntry) -> Iterator[Divergence]:
        """Take an entry of the journal; yield what must not be."""
        if entry.kind == "connection" and entry.event == "closed":
            self._cut_ms = entry.time_ms
        if entry.account != self._account:
            return
        if entry.kind == "request":
            yield from self._requested(entry)
            if (entry.method, entry.path) == ("POST", "/fapi/v1/listenKey"):
                yield from self._reconnects(entry)
        elif entry.kind == "response":
            names = self._unanswered.pop(entry.about, [])
            if _code(entry) == _BAD_TIMESTAMP:
                self._sent.subtract(names)
            if entry.status in {418, 429}:
                yield from self._refused(entry)

    def _requested(self, entry: JournalEntry) -> Iterator[Divergence]:
        is_order = entry.method == "POST" and entry.path in _ORDER_PATHS
        if is_order:
            names = self._unanswered[entry.seq] = _client_ids(entry)
            for name in names:
                self._sent[name] += 1
                yield from self._counted(name, entry)
        for (since, until), concerned in ((self._quiet, True), (self._quiet_for_orders, is_order)):
            if concerned and since < entry.time_ms < until:
                early_s = (until - entry.time_ms) / 1000
                what = f"{entry.method} {entry.path} came {early_s:.3f} s before the exchange wanted to hear anything"
                yield _diverge("rate limit", what, entry)
                return

    def _reconnects(self, entry: JournalEntry) -> Iterator[Divergence]:
        self._keys.append(entry.time_ms)
        while self._keys[0] <= entry.time_ms - _STORM_MS:
            self._keys.popleft()
        if len(self._keys) > MOST_KEYS:
            yield _diverge("rate limit", f"a listen key was asked for {len(self._keys)} times in five minutes", entry)
            self._keys.clear()

    def _counted(self, name: str, entry: JournalEntry) -> Iterator[Divergence]:
        times, planned = self._sent[name], self._planned.get(name, 0)
        if times > planned:
            plan = f"and was to be sent {planned} times" if planned else "and nobody asked for it"
            yield _diverge("resent", f"order {name} was sent for the {times}. time, {plan}", entry, name)

    def _refused(self, entry: JournalEntry) -> Iterator[Divergence]:
        if self._is_own(entry):
            yield _diverge("rate limit", f"{entry.method} {entry.path} was refused: {_message(entry)}", entry)
        wait_s = _named_wait(entry)
        if wait_s is None or entry.time_ms - self._cut_ms <= self._on_its_way_ms:
            return
        quiet = (entry.time_ms + self._on_its_way_ms, entry.time_ms + round(wait_s * 1000))
        if _code(entry) == _TOO_MANY_ORDERS:
            self._quiet_for_orders = max(self._quiet_for_orders, quiet, key=lambda each: each[1])
        else:
            self._quiet = max(self._quiet, quiet, key=lambda each: each[1])


def planned(scenario: Scenario) -> Counter[str]:
    """Return how often each client order id is to be sent by the engine."""
    actions = (action for step in scenario.steps for action in step.actions)
    return Counter(action.client_order_id for action in actions if isinstance(action, EnginePlace | EnginePlaceAlgo))


def _client_ids(entry: JournalEntry) -> list[str]:
    params: Mapping[str, Any] = entry.body or {}
    if entry.path.endswith("batchOrders"):
        try:
            orders = msgspec.json.decode(params.get("batchOrders", "[]"), type=list[dict[str, Any]])
        except msgspec.MsgspecError:
            return []
        return [str(order.get("newClientOrderId", "")) for order in orders]
    return [str(params.get("clientAlgoId") or params.get("newClientOrderId") or "")]


def _named_wait(entry: JournalEntry) -> float | None:
    """Return how many seconds an answer says to wait: its Retry-After, as the journal has it."""
    words = entry.summary.split()
    if "retry-after" not in words:
        return None
    return float(words[words.index("retry-after") + 1])


def _code(entry: JournalEntry) -> int:
    return int(entry.body.get("code", 0)) if isinstance(entry.body, dict) else 0


def _message(entry: JournalEntry) -> str:
    return str(entry.body.get("msg", "")) if isinstance(entry.body, dict) else str(entry.status)


def _diverge(rule: Rule, what: str, entry: JournalEntry, about: str = "") -> Divergence:
    return Divergence(rule=rule, what=what, at_ms=entry.time_ms, about=about)
