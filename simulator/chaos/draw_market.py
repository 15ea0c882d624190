"""What the market and others do to prices, balances and positions in a drawn run."""

from __future__ import annotations

from simulator.chaos.drawing import Day
from simulator.core.scenario.action import Transfer
from simulator.core.scenario.market_action import SetPrice
from simulator.core.scenario.position_action import Funding

__all__ = ["money_moves", "price_moves"]


def price_moves(day: Day, at_ms: float) -> None:
    """The price jumps: a little, or so far that it crosses what rests."""
    spec = day.symbol()
    price = day.price(spec, day.dice.choice([day.dice.uniform(-2, 2), day.dice.uniform(-15, 15)]))
    day.prices[spec.symbol] = price
    day.add(at_ms, SetPrice(symbol=spec.symbol, price=f"{price:f}"))


def money_moves(day: Day, at_ms: float) -> None:
    """A transfer, or a funding fee."""
    if day.dice.random() < 0.6:
        day.add(at_ms, Transfer(asset="USDT", amount=str(day.dice.randint(-50, 100) or 1)))
    else:
        day.add(at_ms, Funding(symbol=day.symbol().symbol, rate=day.dice.choice(("0.0001", "-0.0002", "0.00075"))))
