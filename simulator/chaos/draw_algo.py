"""What the engine and others do with conditional orders in a drawn run.

A conditional order waits for its price. Then it sends an order of its own, its child, which rests or fills. It may be
cancelled just when it triggers, be ended by the exchange, be refused because its price is behind the market already, or
find nothing left to close.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final, Literal, TypeAlias

from simulator.chaos.draw_orders import position_side
from simulator.chaos.drawing import Day, Side
from simulator.core.domain import SymbolSpec
from simulator.core.scenario.action import Action, Cancel, EndAlgo, Fill, PlaceAlgo, TriggerAlgo
from simulator.core.scenario.engine_action import EngineCancel, EngineCancelAlgo, EnginePlaceAlgo
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.position_action import RequestExternal

__all__ = ["algo_ended", "algo_external", "algo_refused", "algo_triggered"]

_WITH_LIMIT: Final = ("STOP", "TAKE_PROFIT")
_Type: TypeAlias = Literal["STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"]
_TYPES: Final[tuple[_Type, ...]] = (
    "STOP_MARKET",
    "STOP_MARKET",
    "TAKE_PROFIT_MARKET",
    "STOP",
    "TAKE_PROFIT",
    "TRAILING_STOP_MARKET",
)


def algo_triggered(day: Day, at_ms: float) -> None:
    """A conditional order triggers: by the price, or because the exchange says so. Its child fills, rests or ends."""
    algo, spec, beyond = _placed(day, at_ms)
    when = at_ms + 100 + day.soon_ms() + day.soon_ms()
    if day.dice.random() < 0.6:
        _price_goes(day, when, spec, beyond)
    else:
        day.add(when, TriggerAlgo(order=algo.client_order_id))
    if day.dice.random() < 0.25:
        cancel = EngineCancelAlgo(symbol=spec.symbol, order=algo.client_order_id)
        day.add(when + day.dice.uniform(-15, 15), cancel)
    if algo.type in _WITH_LIMIT:
        _child_of(day, when + 20 + day.soon_ms(), algo, spec)


def _child_of(day: Day, when: float, algo: EnginePlaceAlgo, spec: SymbolSpec) -> None:
    """Let something become of a child that rests."""
    ends: tuple[Action, ...] = (
        Fill(order=algo.client_order_id), Cancel(order=algo.client_order_id),
        EngineCancel(symbol=spec.symbol, order=algo.client_order_id),
    )  # fmt: skip
    if algo.quantity is not None and day.dice.random() < 0.5:
        part = day.parts(spec, Decimal(algo.quantity), 3)[0]
        day.add(when, Fill(order=algo.client_order_id, quantity=f"{part:f}"))
        when += day.soon_ms()
    day.add(when, day.dice.choice(ends))


def algo_ended(day: Day, at_ms: float) -> None:
    """A conditional order ends without having triggered: by the engine, the web page, or the exchange."""
    algo, spec, _ = _placed(day, at_ms)
    ends: tuple[Action, ...] = (
        EngineCancelAlgo(symbol=spec.symbol, order=algo.client_order_id),
        EndAlgo(order=algo.client_order_id),
        EndAlgo(order=algo.client_order_id, status="EXPIRED", reason="Reduce Only reject"),
        EndAlgo(order=algo.client_order_id, status="REJECTED", reason="Margin is insufficient."),
    )
    day.add(at_ms + day.soon_ms() + day.soon_ms() + 20, day.dice.choice(ends))


def algo_refused(day: Day, at_ms: float) -> None:
    """The price of a conditional order is behind the market already, or there is no such price."""
    algo, spec, _ = _placed(day, at_ms, behind=True)
    if day.dice.random() < 0.3:
        day.add(at_ms + day.soon_ms(), EngineCancelAlgo(symbol=spec.symbol, order=algo.client_order_id))


def algo_external(day: Day, at_ms: float) -> None:
    """Somebody else places a conditional order, which triggers or ends."""
    spec, side = day.symbol(), day.side()
    name = day.name("web")
    up = side == "BUY"
    trigger = day.price(spec, day.dice.uniform(3, 12) * (1 if up else -1))
    order: Action = PlaceAlgo(
        symbol=spec.symbol,
        side=side,
        quantity=f"{day.quantity(spec):f}",
        trigger_price=f"{trigger:f}",
        client_algo_id=name,
    )
    if day.laboratory.position_mode == "hedge":
        parameters = {"algoType": "CONDITIONAL", "symbol": spec.symbol, "side": side, "type": "STOP_MARKET",
                      "positionSide": position_side(day, side), "quantity": f"{day.quantity(spec):f}",
                      "triggerPrice": f"{trigger:f}", "clientAlgoId": name}  # fmt: skip
        order = RequestExternal(request="POST /fapi/v1/algoOrder", parameters=parameters)
    day.add(at_ms, order)
    end: tuple[Action, ...] = (
        TriggerAlgo(order=name), EndAlgo(order=name), EngineCancelAlgo(symbol=spec.symbol, order=name),
    )  # fmt: skip
    day.add(at_ms + day.soon_ms() + day.soon_ms(), day.dice.choice(end))


def _placed(day: Day, at_ms: float, *, behind: bool = False) -> tuple[EnginePlaceAlgo, SymbolSpec, Decimal]:
    """Plan a conditional order; return it, its symbol, and a price that triggers it."""
    spec, side = day.symbol(), day.side()
    kind = day.dice.choice(_TYPES)
    rises = (side == "BUY") == (kind in ("STOP", "STOP_MARKET"))  # whether it waits for a higher price
    distance = day.dice.uniform(2, 12) * (1 if rises else -1)
    trigger = day.price(spec, -distance if behind else distance)
    algo = EnginePlaceAlgo(
        symbol=spec.symbol,
        side=side,
        type=kind,
        trigger_price=f"{trigger:f}",
        client_order_id=day.name("a"),
        **_terms(day, spec, side, kind, trigger),
    )
    day.add(at_ms, algo)
    return algo, spec, day.price(spec, distance * 1.2)


def _terms(day: Day, spec: SymbolSpec, side: Side, kind: str, trigger: Decimal) -> dict[str, Any]:
    hedge = day.laboratory.position_mode == "hedge"
    terms: dict[str, Any] = {"position_side": position_side(day, side)}
    if kind in ("STOP_MARKET", "TAKE_PROFIT_MARKET") and day.dice.random() < 0.3:
        if hedge:
            terms["position_side"] = "SHORT" if side == "BUY" else "LONG"
        return terms | {"close_position": "true"}
    terms["quantity"] = f"{day.quantity(spec):f}"
    if kind in _WITH_LIMIT:
        away = day.dice.uniform(-3, 3)
        price = trigger * (1 + Decimal(round(away * 1000)) / 1_000_000)
        terms["price"] = f"{max(spec.tick_size, price // spec.tick_size * spec.tick_size):f}"
    if kind == "TRAILING_STOP_MARKET":
        terms["callback_rate"] = day.dice.choice(("0.1", "0.5", "1"))
    if not hedge and day.dice.random() < 0.2:
        terms["reduce_only"] = "true"
    return terms


def _price_goes(day: Day, at_ms: float, spec: SymbolSpec, price: Decimal) -> None:
    """Let the market go to a price, in one step or in two; perhaps it comes back."""
    before = day.prices[spec.symbol]
    if day.dice.random() < 0.3:
        half = (before + price) / 2 // spec.tick_size * spec.tick_size
        day.add(at_ms - 2, SetPrice(symbol=spec.symbol, price=f"{half:f}"))
    day.add(at_ms, SetPrice(symbol=spec.symbol, price=f"{price:f}"))
    if day.dice.random() < 0.6:
        day.add(at_ms + day.soon_ms() + 1, SetPrice(symbol=spec.symbol, price=f"{before:f}"))
    else:
        day.prices[spec.symbol] = price
