"""What the engine and others do with plain orders in a drawn run: short stories of one order each.

A story is an order and what befalls it: partial fills, one by one or ten in a millisecond; a cancellation that races
with a fill; an amendment; an end by the exchange. Stories overlap, because each begins when it likes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from simulator.chaos.drawing import Day, Drawn, Side
from simulator.chaos.opening import start_ms
from simulator.core.domain import SymbolSpec
from simulator.core.scenario.action import Action, Amend, Cancel, Expire, Fill, Place
from simulator.core.scenario.engine_action import EngineAmend, EngineCancel, EngineCancelAll, EnginePlace
from simulator.core.scenario.market_action import SetDepth
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.position_action import RequestExternal

__all__ = [
    "amended", "cancelled", "cancels_everything", "closing", "eats_through_levels", "ended_by_the_exchange",
    "external", "external_order", "filled", "from_before", "good_till", "of_others", "placed", "position_side",
    "refused", "taken",
]  # fmt: skip

_EXPIRY_REASONS = ("0", "2", "3", "4", "6", "7")


def placed(day: Day, at_ms: float, *, away: tuple[float, float] = (1, 20), **terms: Any) -> Drawn:
    """Plan that the engine places an order that rests: so many per mille away from the market."""
    spec = terms.pop("spec", None) or day.symbol()
    side: Side = terms.pop("side", None) or day.side()
    distance = day.dice.uniform(*away)
    price = day.price(spec, -distance if side == "BUY" else distance)
    order = EnginePlace(
        symbol=spec.symbol,
        side=side,
        quantity=f"{terms.pop('quantity', None) or day.quantity(spec):f}",
        price=f"{price:f}",
        position_side=terms.pop("position_side", None) or position_side(day, side),
        client_order_id=day.name(),
        **terms,
    )
    return _planned(day, at_ms, order, spec)


def _planned(day: Day, at_ms: float, order: EnginePlace, spec: SymbolSpec) -> Drawn:
    drawn = Drawn(order=order, spec=spec, at_ms=round(at_ms))
    day.add(at_ms, order)
    day.placed.append(drawn)
    return drawn


def opening(day: Day, side: Side) -> Literal["BOTH", "LONG", "SHORT"]:
    """Return whose position an order is for that must not close one: there may be none."""
    if day.laboratory.position_mode == "one_way":
        return "BOTH"
    return "LONG" if side == "BUY" else "SHORT"


def position_side(day: Day, side: Side) -> Literal["BOTH", "LONG", "SHORT"]:
    """Draw whose position an order is for: in hedge mode, more open than close."""
    if day.laboratory.position_mode == "one_way":
        return "BOTH"
    opens = day.dice.random() < 0.7
    return "LONG" if opens == (side == "BUY") else "SHORT"


def filled(day: Day, at_ms: float) -> Drawn:
    """An order rests, and is filled: at once or in parts, some of which come in a burst, or never."""
    drawn = placed(day, at_ms)
    parts = day.parts(drawn.spec, drawn.quantity, day.dice.choice([1, 1, 2, 3, day.dice.randint(3, 10)]))
    kept = parts if day.dice.random() < 0.75 else parts[: len(parts) // 2]
    burst = day.dice.random() < 0.4
    when = at_ms + 50 + day.soon_ms()
    for part in kept:
        day.add(when, Fill(order=drawn.name, quantity=f"{part:f}"))
        when += day.dice.choice([0, 0, 1]) if burst else day.soon_ms()
    return drawn


def cancelled(day: Day, at_ms: float) -> Drawn:
    """The engine cancels an order, and about then it may be filled, in part or wholly."""
    drawn = placed(day, at_ms)
    when = at_ms + day.dice.choice([0, 1, 5]) + day.soon_ms() + day.soon_ms()
    day.add(when, EngineCancel(symbol=drawn.spec.symbol, order=drawn.name))
    if day.dice.random() < 0.6:
        parts = day.parts(drawn.spec, drawn.quantity, day.dice.choice([1, 2, 3]))
        day.add(when + day.dice.uniform(-6, 6), Fill(order=drawn.name, quantity=f"{parts[0]:f}"))
    if day.dice.random() < 0.2:
        day.add(when + day.dice.uniform(-6, 6), EngineCancel(symbol=drawn.spec.symbol, order=drawn.name))
    return drawn


def ended_by_the_exchange(day: Day, at_ms: float) -> Drawn:
    """An order is cancelled from the web page, or expires; perhaps part-filled."""
    drawn = placed(day, at_ms)
    when = at_ms + 50 + day.soon_ms()
    if day.dice.random() < 0.5:
        parts = day.parts(drawn.spec, drawn.quantity, 3)
        day.add(when, Fill(order=drawn.name, quantity=f"{parts[0]:f}"))
        when += day.dice.choice([0, 0, 1, 50])
    reason = day.dice.choice(_EXPIRY_REASONS)
    ends = (
        Cancel(order=drawn.name),
        Expire(order=drawn.name, reason=reason),
        Expire(order=drawn.name, reason="1", status="EXPIRED_IN_MATCH"),
    )
    day.add(when, day.dice.choice(ends))
    return drawn


def amended(day: Day, at_ms: float) -> Drawn:
    """The engine, or the web page, gives an order other terms; about then it may be filled, and later it may end."""
    drawn = placed(day, at_ms)
    when = at_ms + 20 + day.soon_ms()
    for _ in range(day.dice.choice([1, 1, 2])):
        quantity = max(drawn.spec.step_size, day.parts(drawn.spec, drawn.quantity * 2, 2)[0])
        quantity = drawn.quantity if day.dice.random() < 0.4 else quantity
        distance = day.dice.uniform(1, 20)
        price = day.price(drawn.spec, -distance if drawn.order.side == "BUY" else distance)
        if day.dice.random() < 0.75:
            day.add(when, EngineAmend(symbol=drawn.spec.symbol, side=drawn.order.side, order=drawn.name,
                                      quantity=f"{quantity:f}", price=f"{price:f}"))  # fmt: skip
        else:
            day.add(when, Amend(order=drawn.name, quantity=f"{quantity:f}", price=f"{price:f}"))
        if day.dice.random() < 0.5:
            part = day.parts(drawn.spec, drawn.quantity, 3)[0]
            day.add(when + day.dice.uniform(-6, 6), Fill(order=drawn.name, quantity=f"{part:f}"))
        when += day.soon_ms() + 10
    ends = (
        Fill(order=drawn.name), Cancel(order=drawn.name), EngineCancel(symbol=drawn.spec.symbol, order=drawn.name),
        None,
    )  # fmt: skip
    end = day.dice.choice(ends)
    if end is not None:
        day.add(when + day.soon_ms(), end)
    return drawn


def taken(day: Day, at_ms: float) -> Drawn:
    """The engine takes: a MARKET order, or a LIMIT one beyond the market, with any time in force."""
    spec, side = day.symbol(), day.side()
    if day.dice.random() < 0.5:
        order = EnginePlace(symbol=spec.symbol, side=side, type="MARKET", quantity=f"{day.quantity(spec):f}",
                            position_side=position_side(day, side), client_order_id=day.name())  # fmt: skip
        return _planned(day, at_ms, order, spec)
    force = day.dice.choice(("GTC", "IOC", "FOK", "GTX", "IOC"))
    return placed(day, at_ms, away=(-8, 2), spec=spec, side=side, time_in_force=force)


def from_before(day: Day) -> None:
    """Somebody has traded before the engine lives: orders rest, some of them part-filled."""
    for _ in range(day.dice.randint(1, 3)):
        spec, side, name = day.symbol(), day.side(), day.name("web")
        price = day.price(spec, -8 if side == "BUY" else 8)
        day.add(0, external_order(day, spec, side, name, price))
        for _ in range(day.dice.randint(0, 2)):
            day.add(0, Fill(order=name, quantity=f"{spec.step_size:f}"))
        day.add(day.dice.uniform(5, 200_000), Fill(order=name))


def eats_through_levels(day: Day, at_ms: float) -> Drawn:
    """The engine takes what there is at several prices: several trades at once, and less than it wanted, perhaps."""
    spec, side, dice = day.symbol(), day.side(), day.dice
    quantity = day.quantity(spec)
    parts = day.parts(spec, quantity, dice.randint(2, 5))
    kept = parts if dice.random() < 0.7 else parts[:-1]
    sign = 1 if side == "BUY" else -1
    levels = {f"{day.price(spec, sign * (1 + number / 2)):f}": f"{part:f}" for number, part in enumerate(kept)}
    day.add(at_ms - 1, SetDepth(symbol=spec.symbol, levels=levels))
    day.add(at_ms + 1500, SetDepth(symbol=spec.symbol))
    force = dice.choice(("GTC", "IOC", "FOK"))
    return placed(day, at_ms, away=(-6, -5), spec=spec, side=side, quantity=quantity, time_in_force=force)


def of_others(day: Day, at_ms: float) -> None:
    """Other accounts trade in the same book, and may meet the engine's orders there."""
    spec, side = day.symbol(), day.side()
    account, name = "other2", day.name("o")
    price = day.price(spec, day.dice.uniform(-15, 15))
    order = Place(symbol=spec.symbol, side=side, quantity=f"{day.quantity(spec) * 3:f}", price=f"{price:f}",
                  client_order_id=name, account=account)  # fmt: skip
    if day.laboratory.accounts > 1 and day.laboratory.position_mode == "one_way":
        day.add(at_ms, order)
        day.add(at_ms + day.soon_ms() + 100, Cancel(order=name, account=account))
    else:
        external(day, at_ms)


def good_till(day: Day, at_ms: float) -> None:
    """Somebody else's order ends by itself at its time."""
    spec, side = day.symbol(), day.side()
    price = day.price(spec, -10 if side == "BUY" else 10)
    ends_ms = round(at_ms) + 601_000 + day.dice.randint(0, 300_000)
    if ends_ms > day.length_ms:  # nothing is to happen in the calm
        ends_ms += milliseconds(day.laboratory.calm) + 300_000
    ends_ms += start_ms(day.laboratory.seed)
    parameters = {
        "symbol": spec.symbol, "side": side, "type": "LIMIT", "quantity": f"{day.quantity(spec):f}",
        "price": f"{price:f}", "timeInForce": "GTD", "goodTillDate": str(ends_ms // 1000 * 1000),
        "newClientOrderId": day.name("web"), "positionSide": position_side(day, side),
    }  # fmt: skip
    day.add(at_ms, RequestExternal(request="POST /fapi/v1/order", parameters=parameters))


def external(day: Day, at_ms: float) -> None:
    """Somebody else trades on the account: from the web page, or another process."""
    spec, side, name = day.symbol(), day.side(), day.name("web")
    if day.dice.random() < 0.5:
        day.add(at_ms, external_order(day, spec, side, name))
        return
    distance = day.dice.uniform(1, 20)
    price = day.price(spec, -distance if side == "BUY" else distance)
    day.add(at_ms, external_order(day, spec, side, name, price))
    when = at_ms
    for part in day.parts(spec, day.quantity(spec), 3)[: day.dice.randint(0, 3)]:
        when += day.soon_ms()
        day.add(when, Fill(order=name, quantity=f"{part:f}"))
    day.add(when + day.soon_ms(), day.dice.choice((Cancel(order=name), EngineCancel(symbol=spec.symbol, order=name))))


def external_order(day: Day, spec: SymbolSpec, side: Side, name: str, price: Decimal | None = None) -> Action:
    """Return what places an order of somebody else; MARKET without a price."""
    quantity = day.quantity(spec)
    if day.laboratory.position_mode == "one_way":
        return Place(
            symbol=spec.symbol,
            side=side,
            type="MARKET" if price is None else "LIMIT",
            quantity=f"{quantity:f}",
            price=None if price is None else f"{price:f}",
            client_order_id=name,
        )
    terms = {"type": "MARKET"} if price is None else {"type": "LIMIT", "price": f"{price:f}", "timeInForce": "GTC"}
    parameters = {"symbol": spec.symbol, "side": side, "quantity": f"{quantity:f}", "newClientOrderId": name, **terms}
    parameters["positionSide"] = position_side(day, side)
    return RequestExternal(request="POST /fapi/v1/order", parameters=parameters)


def refused(day: Day, at_ms: float) -> None:
    """The engine sends what the exchange refuses: off the tick, off the step, too little, too far away."""
    spec, side = day.symbol(), day.side()
    quantity, price = day.quantity(spec), day.price(spec, -5 if side == "BUY" else 5)
    wrong = day.dice.choice(("tick", "step", "notional", "band"))
    if wrong == "tick":
        price += spec.tick_size / 2
    elif wrong == "step":
        quantity += spec.step_size / 2
    elif wrong == "notional":
        quantity = spec.step_size
    else:
        price = day.price(spec, 400 if side == "BUY" else -400)
    order = EnginePlace(symbol=spec.symbol, side=side, quantity=f"{quantity:f}", price=f"{price:f}",
                        position_side=position_side(day, side), client_order_id=day.name())  # fmt: skip
    day.add(at_ms, order)


def cancels_everything(day: Day, at_ms: float) -> None:
    """The engine empties a symbol's books."""
    day.add(at_ms, EngineCancelAll(symbol=day.symbol().symbol))


def closing(day: Day, at_ms: float) -> Drawn:
    """The engine reduces whatever position there may be."""
    spec, side = day.symbol(), day.side()
    hedge = day.laboratory.position_mode == "hedge"
    order = EnginePlace(
        symbol=spec.symbol,
        side=side,
        type="MARKET",
        quantity=f"{day.quantity(spec):f}",
        position_side=("SHORT" if side == "BUY" else "LONG") if hedge else "BOTH",
        reduce_only="false" if hedge else "true",
        client_order_id=day.name(),
    )
    return _planned(day, at_ms, order, spec)
