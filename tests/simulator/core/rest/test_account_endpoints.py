"""What the endpoints of the account answer, and what they refuse."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, Profile, VenueError
from simulator.core.domain import BUY, SELL
from simulator.core.facts import ListenKeyEnded
from simulator.core.rest.endpoints import ROUTES
from simulator.core.venue import Answer, Call, Venue
from tests.simulator.core.small_markets import NOW, a_venue, limit, market


def ask(venue: Venue, request: str, **params: Any) -> Answer:
    method, path = request.split()
    sent = {name: str(value) for name, value in params.items()}
    return ROUTES[method, f"/fapi/{path}"].endpoint(venue, Call(sent, "default", NOW))


def body(venue: Venue, request: str, **params: Any) -> Any:
    return ask(venue, request, **params).body


def refusal_of(venue: Venue, request: str, **params: Any) -> int:
    with pytest.raises(VenueError) as refused:
        ask(venue, request, **params)
    return refused.value.code


def with_position(*accounts: AccountSpec) -> Venue:
    venue = a_venue(*accounts)
    venue.exchange.place(venue.exchange.accounts["default"], market(BUY, "0.010"), NOW)
    return venue


def test_deleting_a_listen_key_kills_it() -> None:
    venue = a_venue(profile=Profile(delete_listen_key="announce"))
    key = body(venue, "POST v1/listenKey")["listenKey"]

    (fact,) = ask(venue, "DELETE v1/listenKey").facts

    assert isinstance(fact, ListenKeyEnded)
    assert (fact.listen_key, fact.cause) == (key, "deleted")
    assert refusal_of(venue, "PUT v1/listenKey") == -1125
    assert body(venue, "POST v1/listenKey")["listenKey"] != key


def test_balances_list_every_asset_and_what_is_available() -> None:
    venue = with_position(AccountSpec(balance="1000", balances={"USDC": "5"}, leverage=10))

    usdt, usdc = body(venue, "GET v3/balance")

    assert (usdt["asset"], usdt["balance"], usdt["availableBalance"]) == ("USDT", "999.74000000", "934.74000000")
    assert (usdc["asset"], usdc["balance"]) == ("USDC", "5.00000000")


def test_account_totals_add_up() -> None:
    venue = with_position(AccountSpec(balance="1000", leverage=10))
    venue.exchange.place(venue.exchange.accounts["default"], limit(BUY, "0.010", "60000"), NOW)
    venue.exchange.set_price("BTCUSDT", Decimal(66000), NOW)

    account = body(venue, "GET v3/account")

    assert account["totalUnrealizedProfit"] == "10.00000000"
    assert Decimal(account["totalMarginBalance"]) == Decimal(account["totalWalletBalance"]) + 10
    assert account["totalPositionInitialMargin"] == "66.00000000"
    assert account["totalOpenOrderInitialMargin"] == "60.00000000"
    assert Decimal(account["availableBalance"]) == Decimal(account["totalMarginBalance"]) - 126


def test_version_two_lists_every_symbol_and_version_three_what_lives() -> None:
    venue = with_position()

    assert [row["symbol"] for row in body(venue, "GET v2/positionRisk")] == ["BTCUSDT", "ETHUSDT"]
    assert [row["symbol"] for row in body(venue, "GET v3/positionRisk")] == ["BTCUSDT"]
    assert [row["symbol"] for row in body(venue, "GET v2/account")["positions"]] == ["BTCUSDT", "ETHUSDT"]
    assert body(venue, "GET v3/positionRisk", symbol="ETHUSDT") == []


def test_a_closed_position_leaves_version_three_and_an_open_order_brings_its_symbol_back() -> None:
    venue = with_position()
    account = venue.exchange.accounts["default"]
    venue.exchange.place(account, market(SELL, "0.010"), NOW)
    assert body(venue, "GET v3/positionRisk") == []

    venue.exchange.place(account, limit(BUY, "0.010", "60000"), NOW)

    assert [row["positionAmt"] for row in body(venue, "GET v3/positionRisk")] == ["0.000"]


def test_a_position_is_valued_at_the_price_of_the_symbol() -> None:
    venue = with_position()
    venue.exchange.set_price("BTCUSDT", Decimal(66000), NOW)

    (row,) = body(venue, "GET v2/positionRisk", symbol="BTCUSDT")

    assert (row["positionAmt"], row["entryPrice"], row["breakEvenPrice"]) == ("0.010", "65000", "65026")
    assert (row["markPrice"], row["unRealizedProfit"], row["notional"]) == (
        "66000.00000000",
        "10.00000000",
        "660.00000000",
    )


def test_leverage_changes_the_margin_of_positions() -> None:
    venue = with_position()

    assert body(venue, "POST v1/leverage", symbol="BTCUSDT", leverage=5)["leverage"] == 5
    (row,) = body(venue, "GET v2/positionRisk", symbol="BTCUSDT")
    assert row["leverage"] == "5"
    assert refusal_of(venue, "POST v1/leverage", symbol="BTCUSDT", leverage=126) == -4028
    assert refusal_of(venue, "POST v1/leverage", symbol="BTCUSDT") == -1102


def test_the_position_mode_can_be_changed_only_when_nothing_is_open() -> None:
    venue = a_venue()
    account = venue.exchange.accounts["default"]

    assert refusal_of(venue, "POST v1/positionSide/dual", dualSidePosition="false") == -4059
    order, _ = venue.exchange.place(account, limit(BUY, "0.010", "60000"), NOW)
    assert refusal_of(venue, "POST v1/positionSide/dual", dualSidePosition="true") == -4067
    venue.exchange.fill(order, order.remaining, order.price, NOW)
    assert refusal_of(venue, "POST v1/positionSide/dual", dualSidePosition="true") == -4068
    venue.exchange.place(account, market(SELL, "0.010"), NOW)
    assert ask(venue, "POST v1/positionSide/dual", dualSidePosition="true").facts == []
    assert body(venue, "GET v1/positionSide/dual") == {"dualSidePosition": True}
    assert body(venue, "GET v1/accountConfig")["dualSidePosition"] is True


def test_a_price_is_quoted_for_one_symbol_or_for_all() -> None:
    venue = a_venue()

    assert body(venue, "GET v1/ticker/price", symbol="BTCUSDT") == {
        "symbol": "BTCUSDT",
        "price": "65000.00",
        "time": NOW,
    }
    assert [row["symbol"] for row in body(venue, "GET v2/ticker/price")] == ["BTCUSDT", "ETHUSDT"]
