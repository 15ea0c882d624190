"""Every sample below `fixtures/`, and what is done about it: produced, or not, and why not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tests.contract.conformance import (
    market_streams,
    refusals,
    rest_account,
    rest_market,
    rest_trading,
    user_events,
    ws_methods,
)
from tests.contract.conformance.case import FIXTURES, Case

__all__ = ["CASES", "NOT_IMPLEMENTED", "samples"]

CASES: Final[Mapping[str, Case]] = {
    **rest_trading.CASES,
    **rest_account.CASES,
    **rest_market.CASES,
    **user_events.CASES,
    **market_streams.CASES,
    **ws_methods.CASES,
    **refusals.CASES,
}
"""How the simulator is brought to produce what each sample shows."""

NOT_IMPLEMENTED: Final[Mapping[str, str]] = {
    "events/order_trade_update_trailing_docs": "no order has had this type since 2025-12: its child is a MARKET order",
    "stream/combined_envelope": "the envelope alone; every event inside it is compared",
}
"""What the simulator does not do, and why. A sample of an event has to decode all the same."""


def samples() -> list[str]:
    """Return the names of all samples, in the order in which people look for them."""
    folders = ("rest", "events", "market", "ws_api", "errors", "stream")
    return [f"{folder}/{path.stem}" for folder in folders for path in sorted((FIXTURES / folder).glob("*.json"))]
