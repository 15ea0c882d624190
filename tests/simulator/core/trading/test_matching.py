"""What becomes of an arriving order depends on its type, its time in force and the market's price."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import VenueError
from simulator.core.domain import BUY, LIMIT, MARKET, SELL
from simulator.core.trading.matching import arrival, is_met

MARKET_PRICE = Decimal(65000)


@pytest.mark.parametrize(
    ("side", "limit", "met"),
    [(BUY, "65000", True), (BUY, "64999", False), (SELL, "65000", True), (SELL, "65001", False)],
)
def test_a_price_is_met_at_equality(side: str, limit: str, met: bool) -> None:
    assert is_met(side, Decimal(limit), MARKET_PRICE) is met


@pytest.mark.parametrize(
    ("time_in_force", "limit", "outcome"),
    [
        ("GTC", "65001", "take"),
        ("GTC", "64000", "rest"),
        ("GTD", "64000", "rest"),
        ("IOC", "65000", "take"),
        ("IOC", "64000", "expire"),
        ("FOK", "65000", "take"),
        ("GTX", "64000", "rest"),
        ("RPI", "64000", "rest"),
    ],
)
def test_a_limit_order_arrives(time_in_force: str, limit: str, outcome: str) -> None:
    assert arrival(LIMIT, time_in_force, BUY, Decimal(limit), MARKET_PRICE) == outcome


@pytest.mark.parametrize(("time_in_force", "limit", "code"), [("FOK", "64000", -5021), ("GTX", "65000", -5022)])
def test_what_cannot_be_as_its_sender_wants_is_refused(time_in_force: str, limit: str, code: int) -> None:
    with pytest.raises(VenueError) as refused:
        arrival(LIMIT, time_in_force, BUY, Decimal(limit), MARKET_PRICE)

    assert refused.value.code == code


def test_a_market_order_always_takes() -> None:
    assert arrival(MARKET, "GTC", SELL, Decimal(0), MARKET_PRICE) == "take"
