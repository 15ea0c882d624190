"""What the market and others do to prices, balances, positions and settings in a drawn run.

A lawful exchange tells everything that it does. What it is only suspected of (a liquidation of which no order event
tells) happens where any fault may.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Final

from simulator.chaos.draw_orders import external_order
from simulator.chaos.drawing import Day
from simulator.core.scenario.action import Action, Push, Transfer
from simulator.core.scenario.market_action import FollowPath, SetMark, SetPrice, SetStatus
from simulator.core.scenario.position_action import (
    AdjustPosition,
    Adl,
    Funding,
    Liquidate,
    MarginCall,
    RequestExternal,
    Settle,
    UpdateGrid,
    UpdateStrategy,
)

__all__ = ["closed_by_force", "money_moves", "price_moves", "rows_are_told", "settings_change"]

_FROM_A_FUTURE: Final = '{"e":"SOMETHING_OF_2027","E":$now,"a":{"x":[1,"2",null]}}'


def price_moves(day: Day, at_ms: float) -> None:
    """The price jumps a little, or so far that it crosses what rests; or it wanders by itself for a while."""
    spec, dice = day.symbol(), day.dice
    kind = dice.random()
    if kind < 0.15:
        day.add(
            at_ms,
            FollowPath(
                symbol=spec.symbol, path=f"walk:every={dice.choice((1, 5, 20))}s,by=0.1,seed={dice.randint(1, 99)}"
            ),
        )
        ends = min(at_ms + dice.uniform(20_000, 300_000), day.length_ms - 1)
        price = day.price(spec, dice.uniform(-5, 5))
        day.add(ends, FollowPath(symbol=spec.symbol, path="constant"), SetPrice(symbol=spec.symbol, price=f"{price:f}"))
        return
    if kind < 0.25:
        mark = day.price(spec, dice.uniform(-20, 20))
        day.add(at_ms, SetMark(symbol=spec.symbol, mark=f"{mark:f}"))
        return
    price = day.price(spec, dice.choice([dice.uniform(-2, 2), dice.uniform(-15, 15)]))
    day.prices[spec.symbol] = price
    day.add(at_ms, SetPrice(symbol=spec.symbol, price=f"{price:f}"))


def money_moves(day: Day, at_ms: float) -> None:
    """A transfer, or a funding fee."""
    dice = day.dice
    if dice.random() < 0.6:
        asset, most = dice.choice((("USDT", 100), ("USDT", 100), ("BNB", 3), ("USDC", 50)))
        amount = dice.choice([dice.randint(1, most), -dice.randint(1, most), Decimal(dice.randint(1, 10**8)) / 10**8])
        day.add(at_ms, Transfer(asset=asset, amount=f"{amount}" if isinstance(amount, int) else f"{amount:f}",
                                reason=dice.choice(("DEPOSIT", "WITHDRAW", "ADMIN_DEPOSIT"))))  # fmt: skip
    else:
        day.add(at_ms, Funding(symbol=day.symbol().symbol, rate=dice.choice(("0.0001", "-0.0002", "0.00075"))))


def closed_by_force(day: Day, at_ms: float) -> None:
    """A position is liquidated, deleveraged, settled or adjusted."""
    spec, dice = day.symbol(), day.dice
    terms: dict[str, Any] = {"symbol": spec.symbol, "trade_id": dice.choice(("real", "real", "zero"))}
    if day.laboratory.position_mode == "hedge":
        terms["position_side"] = dice.choice(("LONG", "SHORT"))
    if day.laboratory.faults == "any" and dice.random() < 0.4:
        terms["told"] = dice.choice(("without_new", "account_update", "nothing"))
    if dice.random() < 0.3:
        day.add(at_ms - 10, external_order(day, spec, day.side(), day.name("web")))
    small = f"{spec.step_size * 2:f}"
    entry = f"{day.prices[spec.symbol]:f}"
    closings: list[Action] = [
        Liquidate(**terms), Liquidate(**terms, quantity=small), Adl(**terms), Adl(**terms, quantity=small),
        Settle(**terms),
    ]  # fmt: skip
    if day.laboratory.faults == "any":
        sides = {"position_side": terms["position_side"]} if "position_side" in terms else {}
        closings.append(
            AdjustPosition(symbol=spec.symbol, amount=dice.choice(("0", small)), entry_price=entry, **sides)
        )
    day.add(at_ms, dice.choice(closings))


def settings_change(day: Day, at_ms: float) -> None:
    """Somebody else chooses another leverage, margin type or mode; a contract is halted for a while."""
    spec, dice = day.symbol(), day.dice
    kind = dice.random()
    if kind < 0.5:
        parameters = {"symbol": spec.symbol, "leverage": str(dice.choice((5, 10, 20, 25)))}
        day.add(at_ms, RequestExternal(request="POST /fapi/v1/leverage", parameters=parameters))
    elif kind < 0.7:
        parameters = {"symbol": spec.symbol, "marginType": dice.choice(("ISOLATED", "CROSSED"))}
        day.add(at_ms, RequestExternal(request="POST /fapi/v1/marginType", parameters=parameters))
    elif kind < 0.8:
        parameters = {"multiAssetsMargin": dice.choice(("true", "false"))}
        day.add(at_ms, RequestExternal(request="POST /fapi/v1/multiAssetsMargin", parameters=parameters))
    elif kind < 0.85:
        parameters = {"dualSidePosition": dice.choice(("true", "false"))}
        day.add(at_ms, RequestExternal(request="POST /fapi/v1/positionSide/dual", parameters=parameters))
    else:
        day.add(at_ms, SetStatus(symbol=spec.symbol, status="TRADING_HALT"))
        day.add(at_ms + dice.uniform(1000, 60_000), SetStatus(symbol=spec.symbol, status="TRADING"))


def rows_are_told(day: Day, at_ms: float) -> None:
    """Events come that change nothing here: of grids, of margin, of a kind that nobody knows yet."""
    symbol = day.symbol().symbol
    told: list[Action] = [
        MarginCall(symbol=symbol), UpdateStrategy(symbol=symbol), UpdateGrid(symbol=symbol), Push(frame=_FROM_A_FUTURE),
    ]  # fmt: skip
    if day.laboratory.faults == "any":
        told += [Push(frame="{bad"), Push(frame="[]"), Push(frame='{"result":null,"id":77}'), Push(frame="")]
    day.add(at_ms, day.dice.choice(told))
