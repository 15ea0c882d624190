"""The filters of a symbol: what quantities, prices and notionals an order may have.

LOT_SIZE        not positive -4003, finer than quantityPrecision -1111, below minQty -4004, above maxQty -4005, off
                the step -4023. MARKET_LOT_SIZE: the same with its own maxQty.
PRICE_FILTER    not positive -4001, finer than pricePrecision -1111, below minPrice -4013, above maxPrice -4002,
                off the tick -4014. (BTCUSDT has 2 decimals and a tick of 0.10: 60000.123 is -1111, 60000.15 -4014.)
PERCENT_PRICE   a buyer's limit above, a seller's below what the mark price allows: -4016, -4024. The limit of a
                conditional order is compared with its trigger price instead: -4183, -4184.
MIN_NOTIONAL    quantity × price, at the mark price where there is no limit, -4164. Reduce-only orders are free of it.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.core.amounts import trimmed
from simulator.core.domain import BUY, SELL, SymbolSpec
from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import VenueError, refusal

__all__ = ["check_distance", "check_notional", "check_price", "check_quantity", "check_stop_distance", "decimals"]


def check_quantity(quantity: Decimal, most: Decimal, spec: SymbolSpec) -> None:
    """Raise `VenueError` when the quantity breaks LOT_SIZE (or MARKET_LOT_SIZE, with its `most`)."""
    if quantity <= 0:
        raise refusal(venue_error.QUANTITY_NOT_POSITIVE)
    if decimals(quantity) > spec.quantity_precision:
        raise refusal(venue_error.BAD_PRECISION)
    if quantity < spec.min_quantity:
        raise refusal(venue_error.QUANTITY_TOO_SMALL)
    if quantity > most:
        raise refusal(venue_error.QUANTITY_TOO_LARGE)
    if quantity % spec.step_size:
        raise refusal(venue_error.QUANTITY_OFF_STEP)


def check_price(price: Decimal, spec: SymbolSpec) -> None:
    """Raise `VenueError` when the price breaks PRICE_FILTER."""
    if price <= 0:
        raise refusal(venue_error.PRICE_NOT_POSITIVE)
    if decimals(price) > spec.price_precision:
        raise refusal(venue_error.BAD_PRECISION)
    if price < spec.min_price:
        raise refusal(venue_error.PRICE_TOO_LOW)
    if price > spec.max_price:
        raise refusal(venue_error.PRICE_TOO_HIGH)
    if price % spec.tick_size:
        raise refusal(venue_error.PRICE_OFF_TICK)


def check_distance(side: str, price: Decimal, mark: Decimal, spec: SymbolSpec) -> None:
    """Raise `VenueError` -4016 or -4024 when a limit is too far on the wrong side of the mark price."""
    if side == BUY and price > mark * spec.multiplier_up:
        raise _too_high(-4016, mark, spec)
    if side == SELL and price < mark * spec.multiplier_down:
        raise _too_low(-4024, mark, spec)


def check_stop_distance(side: str, price: Decimal, trigger_price: Decimal, spec: SymbolSpec) -> None:
    """Raise `VenueError` -4183 or -4184 when a limit is too far on the wrong side of the price that triggers it."""
    if side == BUY and price > trigger_price * spec.multiplier_up:
        raise _too_high(-4183, trigger_price, spec)
    if side == SELL and price < trigger_price * spec.multiplier_down:
        raise _too_low(-4184, trigger_price, spec)


def check_notional(quantity: Decimal, price: Decimal, spec: SymbolSpec) -> None:
    """Raise `VenueError` -4164 when the order is worth too little."""
    if quantity * price < spec.min_notional:
        raise venue_error.notional_too_small(trimmed(spec.min_notional))


def decimals(amount: Decimal) -> int:
    """Return how many decimals an amount has, trailing zeros aside."""
    exponent = amount.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _too_high(code: int, reference: Decimal, spec: SymbolSpec) -> VenueError:
    return VenueError(code, f"Limit price can't be higher than {trimmed(reference * spec.multiplier_up)}.")


def _too_low(code: int, reference: Decimal, spec: SymbolSpec) -> VenueError:
    return VenueError(code, f"Limit price can't be lower than {trimmed(reference * spec.multiplier_down)}.")
