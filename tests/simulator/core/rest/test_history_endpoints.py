"""Income adds up to what wallets changed by; orders of the exchange's own are listed apart."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import VenueError
from simulator.core.accounts.income import income_of_reason
from simulator.core.domain import BUY, SELL
from simulator.core.rest.endpoints import ROUTES
from simulator.core.rest.retention import DAY_MS
from simulator.core.risk.funding import fund
from simulator.core.venue import Call, Venue
from tests.simulator.core.small_markets import NOW, a_venue, market, place, the_account


def ask(venue: Venue, path: str, now_ms: int = NOW, **params: Any) -> Any:
    sent = {name: str(value) for name, value in params.items()}
    return ROUTES["GET", f"/fapi/v1/{path}"].endpoint(venue, Call(sent, "default", now_ms)).body


def an_eventful_venue() -> Venue:
    venue = a_venue()
    exchange = venue.exchange
    exchange.transfer(the_account(exchange), "USDT", Decimal(-100), "WITHDRAW", NOW)
    place(exchange, market(BUY, "0.010"), NOW + 1)
    fund(exchange, "BTCUSDT", Decimal("0.0001"), NOW + 2)
    exchange.set_price("BTCUSDT", Decimal(66000), NOW + 3)
    place(exchange, market(SELL, "0.010"), NOW + 4)
    return venue


def test_income_explains_the_wallet_to_the_last_digit() -> None:
    venue = an_eventful_venue()

    rows = ask(venue, "income", NOW + 10)

    assert [(row["incomeType"], row["income"]) for row in rows] == [
        ("TRANSFER", "-100.00000000"),
        ("COMMISSION", "-0.26000000"),
        ("FUNDING_FEE", "-0.06500000"),
        ("REALIZED_PNL", "10.00000000"),
        ("COMMISSION", "-0.26400000"),
    ]
    assert sum(Decimal(row["income"]) for row in rows) == the_account(venue.exchange).wallets["USDT"] - 10_000
    assert [row["symbol"] for row in rows] == ["", *["BTCUSDT"] * 4]
    assert rows[1]["tradeId"] == str(the_account(venue.exchange).fills["BTCUSDT"][0].trade_id)


def test_income_is_asked_for_by_symbol_type_time_and_page() -> None:
    venue = an_eventful_venue()

    assert len(ask(venue, "income", NOW + 10, incomeType="COMMISSION")) == 2
    assert len(ask(venue, "income", NOW + 10, symbol="BTCUSDT")) == 4
    assert len(ask(venue, "income", NOW + 10, startTime=NOW + 2, endTime=NOW + 2)) == 1
    assert [row["incomeType"] for row in ask(venue, "income", NOW + 10, limit=2)] == ["REALIZED_PNL", "COMMISSION"]
    paged = [row["incomeType"] for number in (1, 2, 3) for row in ask(venue, "income", NOW + 10, limit=2, page=number)]
    assert paged == ["TRANSFER", "COMMISSION", "FUNDING_FEE", "REALIZED_PNL", "COMMISSION"]


def test_income_shows_a_week_unless_asked_and_keeps_three_months() -> None:
    venue = an_eventful_venue()

    assert ask(venue, "income", NOW + 8 * DAY_MS) == []
    assert len(ask(venue, "income", NOW + 8 * DAY_MS, startTime=NOW)) == 5
    assert ask(venue, "income", NOW + 91 * DAY_MS, startTime=NOW) == []


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"incomeType": "GIFT"}, -1130),
        ({"symbol": "NOPEUSDT"}, -1121),
        ({"startTime": NOW, "endTime": NOW - 1}, -1023),
        ({"page": 0}, -1130),
        ({"limit": "many"}, -1102),
    ],
)
def test_income_refuses_what_cannot_be_asked(params: dict[str, Any], code: int) -> None:
    with pytest.raises(VenueError) as refused:
        ask(an_eventful_venue(), "income", **params)
    assert refused.value.code == code


def test_forced_orders_are_liquidations_or_adl() -> None:
    with pytest.raises(VenueError, match="-1130"):
        ask(a_venue(), "forceOrders", autoCloseType="DELIVERY")


def test_each_reason_of_a_wallet_change_has_its_type() -> None:
    assert [income_of_reason(reason) for reason in ("DEPOSIT", "INSURANCE_CLEAR", "ADMIN_DEPOSIT")] == [
        "TRANSFER",
        "INSURANCE_CLEAR",
        "COMMISSION_REBATE",
    ]
