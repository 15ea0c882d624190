"""Whether engine and exchange agree when everything has settled. Pure: two views, and a list of what differs.

Numbers are compared as Decimals, to the last digit. What an engine may not know, and nothing else:

- **Baseline.** Fills made before its first life was ready may be known without having been told one by one. The
  quantities of their orders must be right all the same.
- **Lives without memory.** Of an engine that remembers nothing (`Remembers`) a later life is asked like a first one:
  what a life had not been told for certain when it ended, and what was made until the next one is ready, may be told by
  neither, or by both; and orders that ended before a life was ready may be unknown to it.
- **Told again.** Fills that come again in a later life, marked `redelivered`, up to the bound that the engine names,
  for each crash before.
- **Orders that never were.** One that the exchange does not have may be known as rejected, or as one of which nothing
  is known; as anything else it must not.
- **Fills without a name.** A trade id of 0 stands for trades of its order that the engine was told of by quantity. With
  them it is told no more of an order than was filled.

Each fill is told once over all lives, and in the order of the trade ids of its order, unless the engine declared a gap
in that order before. For who remembers, that order goes on from life to life.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from simulator.chaos.engine import (
    Engine,
    FillSeen,
    KeepsLaw,
    OrderSeen,
    PlacesAlgo,
    PositionSeen,
    Remembers,
    ShowsBalances,
)
from simulator.chaos.exchange_view import ExchangeView, OrderFact, Trade
from simulator.chaos.result import Divergence, Rule

__all__ = ["EngineView", "LifeView", "divergences", "life_view"]

_ZERO = Decimal(0)
_UNKNOWN = frozenset({"", "REJECTED"})
_Order: TypeAlias = tuple[str, str]
_FillKey: TypeAlias = tuple[str, str, int]


@dataclass(frozen=True, kw_only=True)
class LifeView:
    """What one life was told. Times are the exchange's, ms."""

    ready_ms: int
    """When it could be told to trade; 0: it never came so far."""
    over_ms: int = 0
    """When it ended; 0: it is the last one."""
    sure_ms: int = 0
    """Until when it must have been told everything when it ended, by what it had promised last."""
    crashed: bool = False
    fills: tuple[FillSeen, ...] = ()
    gaps: frozenset[_Order] = frozenset()
    breaches: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class EngineView:
    """What the engine knows in the end. None: it does not show that."""

    lives: tuple[LifeView, ...]
    orders: tuple[OrderSeen, ...] = ()
    positions: tuple[PositionSeen, ...] = ()
    balances: Mapping[str, Decimal] | None = None
    waiting_algo_orders: frozenset[str] | None = None
    redelivered_at_most: int | None = None
    """None: its lives remember nothing of each other."""

    @classmethod
    def of(cls, engine: Engine, lives: Iterable[LifeView]) -> EngineView:
        """Return what the engine of the last life shows."""
        return cls(
            lives=tuple(lives),
            orders=tuple(engine.orders()),
            positions=tuple(engine.positions()),
            balances=dict(engine.balances()) if isinstance(engine, ShowsBalances) else None,
            waiting_algo_orders=frozenset(engine.waiting_algo_orders()) if isinstance(engine, PlacesAlgo) else None,
            redelivered_at_most=engine.redelivered_at_most() if isinstance(engine, Remembers) else None,
        )

    @property
    def remembers(self) -> bool:
        """Whether its lives go on where the ones before ended."""
        return self.redelivered_at_most is not None

    @property
    def ready_ms(self) -> int:
        """From when on it must have been told everything, down times of engines without memory aside."""
        return min((life.ready_ms for life in self.lives if life.ready_ms), default=0)

    def was_away(self, time_ms: int) -> bool:
        """Say whether an event of that moment may have been told to no life, one by one."""
        if time_ms <= self.ready_ms or not self.ready_ms:
            return True
        if self.remembers:
            return False
        return not any(
            life.ready_ms and life.ready_ms < time_ms and (not life.over_ms or time_ms < life.sure_ms)
            for life in self.lives
        )

    def may_have_forgotten(self, order: OrderFact) -> bool:
        """Say whether the last life need not know an order that has ended."""
        since = self.ready_ms if self.remembers else max((life.ready_ms for life in self.lives), default=0)
        return order.status not in {"NEW", "PARTIALLY_FILLED"} and order.update_ms <= since


def life_view(
    engine: Engine | None, *, ready_ms: int, over_ms: int = 0, sure_ms: int = 0, crashed: bool = False
) -> LifeView:
    """Return what a life was told. None: it ended before it was made."""
    if engine is None:
        return LifeView(ready_ms=ready_ms, over_ms=over_ms, crashed=crashed)
    return LifeView(
        ready_ms=ready_ms,
        over_ms=over_ms,
        sure_ms=sure_ms,
        crashed=crashed,
        fills=tuple(engine.fills()),
        gaps=frozenset(engine.gaps_declared()) if isinstance(engine, KeepsLaw) else frozenset(),
        breaches=tuple(engine.breaches()) if isinstance(engine, KeepsLaw) else (),
    )


def divergences(exchange: ExchangeView, engine: EngineView) -> list[Divergence]:
    """Return everything in which they differ, the exchange's oldest first."""
    return [
        *_orders_shown_twice(exchange, engine),
        *_order_differences(exchange, engine),
        *_fill_differences(exchange, engine),
        *_disorder(engine, exchange),
        *_position_differences(exchange, engine),
        *_balance_differences(exchange, engine),
        *_algo_differences(exchange, engine),
        *_breaches(exchange, engine),
    ]


# --- orders -------------------------------------------------------------------------------------------------------


def _order_differences(exchange: ExchangeView, engine: EngineView) -> Iterator[Divergence]:
    seen: dict[_Order, OrderSeen] = {}
    for order in engine.orders:
        if order.order_id:
            seen[order.symbol, order.order_id] = order
        elif order.status not in _UNKNOWN:
            told = f"the engine has {order.status} {order.executed_quantity}, and does not know its id"
            yield _differ("order", _named(order.symbol, "", order.client_order_id), told, exchange.time_ms)
    for key, fact in exchange.orders.items():
        found = seen.pop(key, None)
        difference = _difference(fact, found)
        if difference and not (found is None and engine.may_have_forgotten(fact)):
            name = _named(fact.symbol, fact.order_id, fact.client_order_id)
            yield _differ("order", name, difference, fact.update_ms, about=fact.client_order_id)
    for order in seen.values():
        if order.status not in _UNKNOWN:
            told = f"the exchange has none, the engine {order.status} {order.executed_quantity}"
            name = _named(order.symbol, order.order_id, order.client_order_id)
            yield _differ("order", name, told, exchange.time_ms, about=order.client_order_id)


def _orders_shown_twice(exchange: ExchangeView, engine: EngineView) -> Iterator[Divergence]:
    seen: dict[_Order, OrderSeen] = {}
    for order in filter(lambda order: order.order_id, engine.orders):
        twice = seen.setdefault((order.symbol, order.order_id), order)
        if twice != order:
            name = _named(order.symbol, order.order_id, order.client_order_id)
            told = f"{twice.status} {twice.executed_quantity}, and {order.status} {order.executed_quantity}"
            yield _differ("order", name, f"the engine shows it twice: {told}", exchange.time_ms)


def _difference(fact: OrderFact, seen: OrderSeen | None) -> str:
    has = f"the exchange has {fact.status} {fact.executed_quantity}"
    if seen is None:
        return f"{has}, the engine does not know it"
    if (seen.status, seen.executed_quantity) != (fact.status, fact.executed_quantity):
        return f"{has}, the engine {seen.status or 'nothing certain'} {seen.executed_quantity}"
    if fact.executed_quantity and seen.average_price not in {None, fact.average_price}:
        return f"{has} at {fact.average_price}, the engine at {seen.average_price}"
    if seen.quantity not in {None, fact.quantity}:
        return f"{has} of {fact.quantity}, the engine of {seen.quantity}"
    if seen.price not in {None, fact.price}:
        return f"{has} with limit {fact.price}, the engine with {seen.price}"
    return ""


# --- fills --------------------------------------------------------------------------------------------------------


def _fill_differences(exchange: ExchangeView, engine: EngineView) -> Iterator[Divergence]:
    told: dict[_FillKey, FillSeen] = {}
    unnamed: dict[_Order, Decimal] = defaultdict(Decimal)
    crashes = 0
    for number, life in enumerate(engine.lives, 1):
        again, now = 0, set[_FillKey]()
        for fill in life.fills:
            key = (fill.symbol, fill.order_id, fill.trade_id)
            is_known, is_known_here = key in told if engine.remembers else key in now, key in now
            now.add(key)
            if not fill.trade_id:
                unnamed[fill.symbol, fill.order_id] += _ZERO if fill.redelivered else fill.quantity
            elif not is_known:
                told[key] = fill
            elif fill.redelivered and not is_known_here:
                again += 1
            else:
                what = f"life {number} was told it once more, and it was not said to be the same"
                yield _differ("fill", _fill_name(fill), what, exchange.time_ms)
        most = (engine.redelivered_at_most or 0) * crashes
        if again > most:
            what = f"life {number} was told {again} of them again, after {crashes} crashes: at most {most} may be"
            yield _differ("fill", "fills", what, exchange.time_ms)
        crashes = crashes + 1 if life.crashed else (0 if life.ready_ms else crashes)
    yield from _untold(exchange, engine, told, unnamed)
    yield from _invented(exchange, told)
    yield from _overtold(exchange, engine)


def _untold(
    exchange: ExchangeView, engine: EngineView, told: Mapping[_FillKey, FillSeen], unnamed: Mapping[_Order, Decimal]
) -> Iterator[Divergence]:
    left = dict(unnamed)
    for key, trade in exchange.trades.items():
        if key in told or engine.was_away(trade.time_ms):
            continue
        order = (trade.symbol, trade.order_id)
        if left.get(order, _ZERO) >= trade.quantity:
            left[order] -= trade.quantity
            continue
        what = f"the exchange has {trade.quantity} at {trade.price}, the engine was never told"
        yield _differ("fill", _fill_name(trade), what, trade.time_ms, about=_client_id(exchange, order))


def _invented(exchange: ExchangeView, told: Mapping[_FillKey, FillSeen]) -> Iterator[Divergence]:
    for key, fill in told.items():
        trade, order = exchange.trades.get(key), (fill.symbol, fill.order_id)
        about = _client_id(exchange, order)
        if trade is None:
            what = f"the exchange has none, the engine was told {fill.quantity} at {fill.price}"
            yield _differ("fill", _fill_name(fill), what, exchange.time_ms, about=about)
        elif (trade.quantity, trade.price) != (fill.quantity, fill.price):
            what = (
                f"the exchange has {trade.quantity} at {trade.price}, the engine was told {fill.quantity} at "
                f"{fill.price}"
            )
            yield _differ("fill", _fill_name(fill), what, trade.time_ms, about=about)


def _overtold(exchange: ExchangeView, engine: EngineView) -> Iterator[Divergence]:
    """Where fills without a name were told: those with one are compared each."""
    filled: dict[_Order, Decimal] = defaultdict(Decimal)
    for trade in exchange.trades.values():
        filled[trade.symbol, trade.order_id] += trade.quantity
    told: dict[_Order, Decimal] = defaultdict(Decimal)
    unnamed: set[_Order] = set()
    for life in engine.lives:
        if not engine.remembers:
            told.clear()
        for fill in life.fills:
            order = (fill.symbol, fill.order_id)
            told[order] += _ZERO if fill.redelivered else fill.quantity
            if not fill.trade_id:
                unnamed.add(order)
        for order in sorted(order for order in unnamed if told[order] > filled.get(order, _ZERO)):
            unnamed.discard(order)
            name = f"fills of order {' '.join(order)}"
            what = f"the exchange filled {filled.get(order, _ZERO)}, the engine was told {told[order]} in all"
            yield _differ("fill", name, what, exchange.time_ms, about=_client_id(exchange, order))


def _disorder(engine: EngineView, exchange: ExchangeView) -> Iterator[Divergence]:
    gaps: frozenset[_Order] = frozenset()
    last: dict[_Order, int] = {}
    for number, life in enumerate(engine.lives, 1):
        gaps |= life.gaps
        if not engine.remembers:
            last.clear()
        for fill in life.fills:
            if fill.redelivered:
                continue
            order = (fill.symbol, fill.order_id)
            if fill.trade_id and fill.trade_id < last.get(order, 0) and order not in gaps:
                what = f"life {number} was told it after trade {last[order]} of the same order, and declared no gap"
                about = _client_id(exchange, order)
                yield _differ("fill order", _fill_name(fill), what, exchange.time_ms, about=about)
            last[order] = max(fill.trade_id, last.get(order, 0))


def _client_id(exchange: ExchangeView, order: _Order) -> str:
    fact = exchange.orders.get(order)
    return fact.client_order_id if fact is not None else order[0]


# --- the account --------------------------------------------------------------------------------------------------


def _position_differences(exchange: ExchangeView, engine: EngineView) -> Iterator[Divergence]:
    seen = {(held.symbol, held.position_side): held for held in engine.positions if held.amount}
    for key in sorted(exchange.positions.keys() | seen.keys()):
        amount, entry = exchange.positions.get(key, (_ZERO, _ZERO))
        held = seen.get(key)
        what = f"the exchange has {amount}, the engine {held.amount if held else 0}"
        if held is None or held.amount != amount:
            yield _differ("position", " ".join(key), what, exchange.time_ms, about=key[0])
        elif held.entry_price not in {None, entry}:
            what = f"the exchange has {amount} from {entry}, the engine from {held.entry_price}"
            yield _differ("position", " ".join(key), what, exchange.time_ms, about=key[0])


def _balance_differences(exchange: ExchangeView, engine: EngineView) -> Iterator[Divergence]:
    if engine.balances is None:
        return
    for asset in sorted(exchange.balances.keys() | engine.balances.keys()):
        has, believes = exchange.balances.get(asset, _ZERO), engine.balances.get(asset, _ZERO)
        if has != believes:
            yield _differ("balance", asset, f"the exchange has {has}, the engine {believes}", exchange.time_ms)


def _algo_differences(exchange: ExchangeView, engine: EngineView) -> Iterator[Divergence]:
    if engine.waiting_algo_orders is None:
        return
    for name in sorted(exchange.waiting_algo_orders ^ engine.waiting_algo_orders):
        waits = name in exchange.waiting_algo_orders
        what = "it waits, and the engine does not know" if waits else "the engine has it waiting, and it does not"
        yield _differ("algo order", name, what, exchange.time_ms, about=name)


def _breaches(exchange: ExchangeView, engine: EngineView) -> Iterator[Divergence]:
    for number, life in enumerate(engine.lives, 1):
        for breach in life.breaches:
            yield Divergence(rule="delivery", what=f"life {number}: {breach}", at_ms=life.over_ms or exchange.time_ms)


# --- words --------------------------------------------------------------------------------------------------------


def _differ(rule: Rule, name: str, what: str, at_ms: int, *, about: str = "") -> Divergence:
    subject = name if name.startswith(rule) else f"{rule} {name}"
    return Divergence(rule=rule, what=f"{subject}: {what}", at_ms=at_ms, about=about or name)


def _named(symbol: str, order_id: str, client_order_id: str) -> str:
    return f"{symbol} {order_id or '(no id)'} ({client_order_id})"


def _fill_name(fill: FillSeen | Trade) -> str:
    return f"{fill.symbol} {fill.trade_id} of order {fill.order_id}"
