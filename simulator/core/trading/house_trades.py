"""What the house trades with itself: a little whenever a price path moves a market with a book.

Without it a path would move the book and nobody would trade, and the tape, candles and statistics of a simulator that
no client trades on would stand still. The trade is at the new price; its buyer is the taker when the price has not
fallen. It is worth up to 2,000 of the quote asset, and moves no money: both sides are the house.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from simulator.core.market.draw import drawn
from simulator.core.market.public_trade import PublicTrade
from simulator.core.trading.exchange import Exchange

__all__ = ["note_house_trade"]

_MOST_NOTIONAL: Final = 2_000


def note_house_trade(exchange: Exchange, symbol: str, before: Decimal, now_ms: int) -> None:
    """Note a trade at the symbol's price, which was `before` until now."""
    spec, price = exchange.symbols[symbol], exchange.prices[symbol]
    trade_id = exchange.next_trade_id()
    steps = int(drawn(trade_id) % _MOST_NOTIONAL / price / spec.step_size)
    quantity = max(steps * spec.step_size, spec.min_quantity)
    exchange.tape.note(PublicTrade(symbol, trade_id, price, quantity, price < before, now_ms))
