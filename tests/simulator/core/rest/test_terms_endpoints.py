"""What an account is granted: brackets, commissions, its place in the ADL line, its standing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, Profile, VenueError
from simulator.core.domain import BUY, SELL
from simulator.core.rest.endpoints import ROUTES
from simulator.core.venue import Call, Venue
from tests.simulator.core.small_markets import NOW, a_venue, limit, market, place, the_account


def ask(venue: Venue, path: str, method: str = "GET", **params: Any) -> Any:
    sent = {name: str(value) for name, value in params.items()}
    return ROUTES[method, f"/fapi/{path}"].endpoint(venue, Call(sent, "default", NOW)).body


def test_brackets_are_numbers_and_agree_with_the_largest_notional_of_a_leverage() -> None:
    venue = a_venue()

    (row,) = ask(venue, "v1/leverageBracket", symbol="BTCUSDT")

    first, second = row["brackets"][:2]
    assert first == {
        "bracket": 1,
        "initialLeverage": 125,
        "notionalCap": 50000,
        "notionalFloor": 0,
        "maintMarginRatio": 0.004,
        "cum": 0.0,
    }
    assert second["cum"] == 50.0
    (config,) = ask(venue, "v1/symbolConfig", symbol="BTCUSDT")
    allowing = [bracket["notionalCap"] for bracket in row["brackets"] if bracket["initialLeverage"] >= 20]
    assert config["maxNotionalValue"] == str(allowing[-1])
    assert [row["symbol"] for row in ask(venue, "v1/leverageBracket")] == ["BTCUSDT", "ETHUSDT"]


def test_a_profile_says_whether_one_symbols_brackets_are_a_list() -> None:
    venue = a_venue(profile=Profile(leverage_bracket_of_symbol="object"))

    assert ask(venue, "v1/leverageBracket", symbol="ETHUSDT")["symbol"] == "ETHUSDT"
    assert isinstance(ask(venue, "v1/leverageBracket"), list)


def test_the_fee_tier_is_shown_and_charged() -> None:
    venue = a_venue(AccountSpec(fee_tier=9))
    place(venue.exchange, market(BUY, "0.010"))

    rates = ask(venue, "v1/commissionRate", symbol="BTCUSDT")

    assert (rates["makerCommissionRate"], rates["takerCommissionRate"]) == ("0", "0.00017")
    assert ask(venue, "v1/accountConfig")["feeTier"] == ask(venue, "v2/account")["feeTier"] == 9
    (fill,) = the_account(venue.exchange).fills["BTCUSDT"]
    assert fill.commission == Decimal(650) * Decimal("0.00017")


def test_with_the_burn_on_commissions_are_paid_in_bnb_and_income_says_so() -> None:
    venue = a_venue(AccountSpec(balances={"BNB": "1"}))
    venue.exchange.marks["BNBUSDT"] = Decimal(600)
    assert ask(venue, "v1/feeBurn") == {"feeBurn": False}

    assert ask(venue, "v1/feeBurn", "POST", feeBurn="true") == {"code": 200, "msg": "success"}
    place(venue.exchange, market(BUY, "0.010"))
    venue.exchange.set_price("BTCUSDT", Decimal(66000), NOW)
    place(venue.exchange, market(SELL, "0.010"))

    assert ask(venue, "v2/account")["feeBurn"] is True
    account = the_account(venue.exchange)
    assert account.wallets["USDT"] == 10_010
    assert account.wallets["BNB"] == 1 - Decimal("0.00039000") - Decimal("0.00039600")
    assert [(row["incomeType"], row["asset"]) for row in ask(venue, "v1/income")] == [
        ("COMMISSION", "BNB"),
        ("REALIZED_PNL", "USDT"),
        ("COMMISSION", "BNB"),
    ]


def test_the_line_of_adl_is_shown_by_position_side() -> None:
    venue = a_venue()
    assert ask(venue, "v1/adlQuantile") == []
    place(venue.exchange, market(SELL, "0.010"))

    assert ask(venue, "v1/adlQuantile") == [{"symbol": "BTCUSDT", "adlQuantile": {"LONG": 0, "SHORT": 4, "BOTH": 4}}]
    assert ask(venue, "v3/positionRisk")[0]["adl"] == 4


def test_the_sides_of_a_hedge_are_in_line_together() -> None:
    venue = a_venue(AccountSpec(dual_side_position=True))
    place(venue.exchange, market(SELL, "0.010", position_side="SHORT"))

    (row,) = ask(venue, "v1/adlQuantile", symbol="BTCUSDT")

    assert row["adlQuantile"] == {"LONG": 4, "SHORT": 4, "HEDGE": 0}


def test_indicators_count_what_was_not_filled() -> None:
    venue = a_venue()
    place(venue.exchange, market(BUY, "0.010"))
    order, _ = place(venue.exchange, limit(BUY, "0.010", "60000"))
    venue.exchange.cancel(order, NOW)

    status = ask(venue, "v1/apiTradingStatus", symbol="BTCUSDT")

    values = {row["indicator"]: row["value"] for row in status["indicators"]["BTCUSDT"]}
    assert values == {"UFR": 0.5, "IFER": 0.0, "GCR": 0.5, "DR": 0.0}
    assert ask(venue, "v1/apiTradingStatus", symbol="ETHUSDT")["indicators"] == {}


def test_what_can_be_taken_out_is_valued_in_dollars() -> None:
    venue = a_venue(AccountSpec(balance="1000", balances={"BTC": "0.5"}))

    body = ask(venue, "v1/pmAccountInfo", asset="BTC")

    assert body == {"maxWithdrawAmountUSD": "32500.00000000", "asset": "BTC", "maxWithdrawAmount": "0.50000000"}
    with pytest.raises(VenueError, match="asset"):
        ask(venue, "v1/pmAccountInfo")
