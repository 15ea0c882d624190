"""What the exchange did and the engine has not been told yet. Pure: it is given events, and asked.

Kept are order events, each until the engine knows it, and for each wallet and each position what they became, until the
engine has that or anything later. So whatever is here is what the engine does not know, oldest first.

Known is a fill when it was told; an end, when the order is known to have ended so; any other event, when the order is
known. Of what happened before the engine was first ready (for one without memory: before its present life was), nothing
is asked here: in the end it is (`oracle`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Any, Final, TypeAlias

from simulator.chaos.engine import Engine, FindsOrder, OrderSeen, ShowsBalances
from simulator.core.domain import FILLED, NEW, PARTIALLY_FILLED

__all__ = ["Unseen", "UnseenEvent"]

_GOES_ON: Final = frozenset({NEW, PARTIALLY_FILLED, FILLED})
"""After these nothing but a fill, if that, has to be known."""
_Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class UnseenEvent:
    """Something that the exchange did. `at_ms` is its time."""

    at_ms: int
    what: str
    about: str
    """Client order id, symbol or asset."""


@dataclass(frozen=True, slots=True)
class _OrderEvent(UnseenEvent):
    key: _Key
    trade_id: int
    is_fill: bool
    executed: Decimal
    status: str


@dataclass(frozen=True, slots=True)
class _AccountEvent(UnseenEvent):
    value: Decimal


class Unseen:
    """What one engine has not been told, over all its lives."""

    def __init__(self) -> None:
        self._orders: deque[_OrderEvent] = deque()
        self._account: dict[tuple[str, ...], deque[_AccountEvent]] = {}
        self._told: set[tuple[_Key, int]] = set()
        self._counted: dict[int, int] = {}
        """How many fills of each life are in `_told`."""

    def happened(self, name: str, body: Mapping[str, Any], at_ms: int) -> bool:
        """Take a user event as it was sent. Return whether it is one that has to be known."""
        match name:
            case "ORDER_TRADE_UPDATE":
                self._orders.append(_order_event(body["o"], at_ms))
            case "ACCOUNT_UPDATE":
                for row in body["a"].get("B", ()):
                    self._became(("balance", row["a"]), row["wb"], at_ms)
                for row in body["a"].get("P", ()):
                    self._became(("position", row["s"], row["ps"]), row["pa"], at_ms)
            case _:
                return False
        return True

    def _became(self, key: tuple[str, ...], value: str, at_ms: int) -> None:
        event = _AccountEvent(at_ms, f"{' '.join(key)} became {value}", key[1], Decimal(value))
        self._account.setdefault(key, deque()).append(event)

    def forget(self, until_ms: int) -> None:
        """Ask for nothing that happened until then."""
        self._orders = deque(event for event in self._orders if event.at_ms > until_ms)
        for key, events in list(self._account.items()):
            kept = deque(event for event in events if event.at_ms > until_ms)
            self._put(key, kept)

    def learn(self, life: int, engine: Engine) -> None:
        """Take what a life was told since it was asked last."""
        start = self._counted.get(life, 0)
        for fill in islice(engine.fills(), start, None):
            self._told.add(((fill.symbol, fill.order_id), fill.trade_id))
            start += 1
        self._counted[life] = start

    def settle(self, engine: Engine) -> None:
        """Drop what the engine knows."""
        if self._orders:
            orders = _Orders(engine)
            self._orders = deque(event for event in self._orders if not self._knows(event, orders))
        if self._account:
            self._settle_account(engine)

    def _knows(self, event: _OrderEvent, orders: _Orders) -> bool:
        if event.is_fill and event.trade_id:
            return (event.key, event.trade_id) in self._told
        order = orders.find(event.key)
        if order is None or order.executed_quantity < event.executed:
            return False
        return event.status in _GOES_ON or order.status not in {"", NEW, PARTIALLY_FILLED}

    def _settle_account(self, engine: Engine) -> None:
        held: dict[tuple[str, ...], Decimal] = {
            ("position", seen.symbol, seen.position_side): seen.amount for seen in engine.positions()
        }
        if isinstance(engine, ShowsBalances):
            held |= {("balance", asset): amount for asset, amount in engine.balances().items()}
        else:
            self._account = {key: events for key, events in self._account.items() if key[0] == "position"}
        for key, events in list(self._account.items()):
            value = held.get(key, Decimal(0))
            last = max((number for number, event in enumerate(events, 1) if event.value == value), default=0)
            self._put(key, deque(islice(events, last, None)))

    def _put(self, key: tuple[str, ...], events: deque[_AccountEvent]) -> None:
        if events:
            self._account[key] = events
        else:
            self._account.pop(key, None)

    @property
    def oldest_ms(self) -> int | None:
        """When the oldest of it happened; None when there is nothing."""
        firsts = [events[0].at_ms for events in self._account.values()]
        if self._orders:
            firsts.append(self._orders[0].at_ms)
        return min(firsts, default=None)

    def take_older(self, than_ms: int) -> list[UnseenEvent]:
        """Return what happened before then, and ask for it no more."""
        events: Iterable[UnseenEvent] = (*self._orders, *(event for held in self._account.values() for event in held))
        late = sorted((event for event in events if event.at_ms < than_ms), key=lambda event: event.at_ms)
        if late:
            self.forget(than_ms - 1)
        return late


class _Orders:
    """The engine's orders, looked up as it offers it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._all: dict[_Key, OrderSeen] | None = None

    def find(self, key: _Key) -> OrderSeen | None:
        if isinstance(self._engine, FindsOrder):
            return self._engine.order(*key)
        if self._all is None:
            self._all = {(order.symbol, order.order_id): order for order in self._engine.orders()}
        return self._all.get(key)


def _order_event(o: Mapping[str, Any], at_ms: int) -> _OrderEvent:
    is_fill = bool(Decimal(o["l"]))
    fill = f", fill {o['l']} of trade {o['t']}" if is_fill else ""
    what = f"order {o['s']} {o['i']} ({o['c']}) became {o['X']} {o['z']}{fill}"
    return _OrderEvent(at_ms, what, o["c"], (o["s"], str(o["i"])), o["t"], is_fill, Decimal(o["z"]), o["X"])
