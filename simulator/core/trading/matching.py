"""What becomes of an order when it meets the market.

The market, for an arriving order, is the best price of the other side: in a market of one price that price, in a book
what `trading.order_books` offers. A price is *met* when a buyer would pay it or more, or a seller take it or less;
equality meets. Where nothing is offered nothing is met. On arrival:

```
            price met            price not met
MARKET      take                 (always met)
GTC, GTD    take                 rest
IOC         take                 end at once: EXPIRED, reason 2
FOK         take                 refused -5021, no event, no history
GTX         refused -5022        rest
```
(RPI, which is post-only too, follows GTX.) A taker pays what is offered; a resting order, met later, its own price.
What a taker does not find rests, or expires with reason 9 (MARKET) or 2 (IOC).
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final, Literal

from simulator.core.domain import BUY, FOK, GTX, IOC, MARKET, RPI
from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import refusal

__all__ = ["POST_ONLY", "Arrival", "arrival", "is_met"]

POST_ONLY: Final = frozenset({GTX, RPI})

Arrival = Literal["take", "rest", "expire"]


def is_met(side: str, limit: Decimal, market: Decimal) -> bool:
    """Return whether an order with this limit price trades when the market is at `market`."""
    return limit >= market if side == BUY else limit <= market


def arrival(order_type: str, time_in_force: str, side: str, limit: Decimal, market: Decimal | None) -> Arrival:
    """Return what an arriving order does. Raises `VenueError` -5021 or -5022 when it is refused.

    `market` is the best price of the other side, None when it is empty.
    """
    if order_type == MARKET:
        return "take"
    met = market is not None and is_met(side, limit, market)
    if time_in_force in POST_ONLY:
        if met:
            raise refusal(venue_error.POST_ONLY_REJECTED)
        return "rest"
    if met:
        return "take"
    if time_in_force == FOK:
        raise refusal(venue_error.FILL_OR_KILL_REJECTED)
    return "expire" if time_in_force == IOC else "rest"
