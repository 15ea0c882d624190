"""Multi-assets mode, cross and isolated margin: what may be changed, what it tells, and what it binds."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, Profile, VenueError
from simulator.core.domain import BUY, SELL
from simulator.core.facts import MultiAssetsModeChanged, WalletChanged
from simulator.core.rest.endpoints import ROUTES
from simulator.core.streams.stream_events import user_events
from simulator.core.venue import Answer, Call, Venue
from tests.simulator.core.small_markets import NOW, a_venue, limit, market, place, the_account

ISOLATED = {"symbol": "BTCUSDT", "marginType": "ISOLATED"}


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


def isolated(**spec: Any) -> Venue:
    venue = a_venue(AccountSpec(**{"leverage": 10} | spec))
    ask(venue, "POST v1/marginType", **ISOLATED)
    return venue


def test_multi_assets_mode_is_switched_and_told() -> None:
    venue = a_venue()

    (fact,) = ask(venue, "POST v1/multiAssetsMargin", multiAssetsMargin="true").facts

    assert isinstance(fact, MultiAssetsModeChanged)
    assert body(venue, "GET v1/multiAssetsMargin") == {"multiAssetsMargin": True}
    assert body(venue, "GET v1/accountConfig")["multiAssetsMargin"] is True
    assert refusal_of(venue, "POST v1/multiAssetsMargin", multiAssetsMargin="true") == -4171
    assert refusal_of(venue, "POST v1/marginType", **ISOLATED) == -4168


def test_a_margin_type_may_be_told_without_positions() -> None:
    venue = a_venue()
    facts = ask(venue, "POST v1/marginType", **ISOLATED).facts

    (event,) = user_events(facts, venue.exchange.symbols, Profile(margin_type_change="no_positions"))

    assert event.body["a"]["P"] == []


def test_a_margin_type_is_changed_and_told() -> None:
    venue = a_venue()

    (fact,) = ask(venue, "POST v1/marginType", **ISOLATED).facts

    assert isinstance(fact, WalletChanged)
    (event,) = user_events([fact], venue.exchange.symbols, venue.profile)
    assert (event.body["a"]["m"], event.body["a"]["B"]) == ("MARGIN_TYPE_CHANGE", [])
    assert [(row["s"], row["mt"]) for row in event.body["a"]["P"]] == [("BTCUSDT", "isolated")]
    (row,) = body(venue, "GET v1/symbolConfig", symbol="BTCUSDT")
    assert row["marginType"] == "ISOLATED"
    assert refusal_of(venue, "POST v1/marginType", **ISOLATED) == -4046
    assert refusal_of(venue, "POST v1/multiAssetsMargin", multiAssetsMargin="true") == -4167
    ask(venue, "POST v1/marginType", symbol="BTCUSDT", marginType="CROSSED")
    assert refusal_of(venue, "POST v1/marginType", symbol="BTCUSDT", marginType="HALF") == -1130


def test_neither_mode_changes_over_open_orders_or_a_position() -> None:
    venue = a_venue()
    place(venue.exchange, limit(BUY, "0.010", "60000"))
    assert refusal_of(venue, "POST v1/marginType", **ISOLATED) == -4047
    assert refusal_of(venue, "POST v1/multiAssetsMargin", multiAssetsMargin="true") == -4170
    ask(venue, "DELETE v1/allOpenOrders", symbol="BTCUSDT")
    place(venue.exchange, market(BUY, "0.010"))

    assert refusal_of(venue, "POST v1/marginType", **ISOLATED) == -4048


def test_an_isolated_position_has_a_wallet_of_its_own() -> None:
    venue = isolated(balance="1000")
    account = the_account(venue.exchange)

    place(venue.exchange, market(BUY, "0.010"))
    opened = account.position("BTCUSDT", "BOTH").isolated_wallet
    place(venue.exchange, market(SELL, "0.004"))
    reduced = account.position("BTCUSDT", "BOTH").isolated_wallet
    (usdt,) = body(venue, "GET v3/balance")
    place(venue.exchange, market(SELL, "0.006"))

    assert (opened, reduced) == (Decimal(65), Decimal(39))
    assert Decimal(usdt["balance"]) - Decimal(usdt["crossWalletBalance"]) == 39
    assert account.position("BTCUSDT", "BOTH").isolated_wallet == 0


def test_a_flipped_isolated_position_binds_what_it_is_now() -> None:
    venue = isolated()
    place(venue.exchange, market(BUY, "0.010"))

    place(venue.exchange, market(SELL, "0.030"))

    assert the_account(venue.exchange).position("BTCUSDT", "BOTH").isolated_wallet == 130


def test_margin_moves_into_an_isolated_position_and_out_of_it() -> None:
    venue = isolated(balance="1000")
    place(venue.exchange, market(BUY, "0.010"))

    answer = ask(venue, "POST v1/positionMargin", symbol="BTCUSDT", amount="100", type=1)
    ask(venue, "POST v1/positionMargin", symbol="BTCUSDT", amount="0.5", type=2)
    moves = body(venue, "GET v1/positionMargin/history", symbol="BTCUSDT")
    taken = body(venue, "GET v1/positionMargin/history", symbol="BTCUSDT", type=2)

    assert answer.body == {
        "amount": 100,
        "code": 200,
        "msg": "Successfully modify position margin.",
        "type": 1,
    }
    (event,) = user_events(answer.facts, venue.exchange.symbols, venue.profile)
    assert (event.body["a"]["m"], event.body["a"]["P"][0]["iw"]) == ("MARGIN_TRANSFER", "165.00000000")
    assert the_account(venue.exchange).position("BTCUSDT", "BOTH").isolated_wallet == Decimal("164.5")
    assert [(row["type"], row["amount"]) for row in moves] == [(1, "100.00000000"), (2, "0.50000000")]
    assert taken == moves[1:]
    for amount, direction, code in (("5000", 1, -4050), ("5000", 2, -4051), ("99.6", 2, -4051), ("0", 1, -4055)):
        assert refusal_of(venue, "POST v1/positionMargin", symbol="BTCUSDT", amount=amount, type=direction) == code
    assert refusal_of(venue, "POST v1/positionMargin", symbol="ETHUSDT", amount="1", type=1) == -4049
    place(venue.exchange, market(SELL, "0.010"))
    assert refusal_of(venue, "POST v1/positionMargin", symbol="BTCUSDT", amount="1", type=1) == -4054


def test_what_an_isolated_positions_own_margin_needs_cannot_be_taken_out() -> None:
    venue = isolated(balance="1000")
    place(venue.exchange, market(BUY, "0.010"))
    ask(venue, "POST v1/positionMargin", symbol="BTCUSDT", amount="10", type=1)
    venue.exchange.set_price("BTCUSDT", Decimal(64500), NOW)

    assert refusal_of(venue, "POST v1/positionMargin", symbol="BTCUSDT", amount="5.6", type=2) == -4051
    ask(venue, "POST v1/positionMargin", symbol="BTCUSDT", amount="5.5", type=2)


@pytest.mark.parametrize(
    ("terms", "code"),
    [({"type": 3}, -1130), ({"positionSide": "LONG"}, -4061), ({"positionSide": "UP"}, -4060)],
)
def test_a_move_of_margin_says_where_it_goes(terms: dict[str, Any], code: int) -> None:
    venue = isolated()
    place(venue.exchange, market(BUY, "0.010"))

    assert (
        refusal_of(venue, "POST v1/positionMargin", **{"symbol": "BTCUSDT", "amount": "1", "type": 1} | terms) == code
    )


def test_a_higher_leverage_must_allow_the_position() -> None:
    venue = a_venue(AccountSpec(balance="100000", leverage=20))
    place(venue.exchange, market(BUY, "2"))

    assert refusal_of(venue, "POST v1/leverage", symbol="BTCUSDT", leverage=100) == -2027
    assert body(venue, "POST v1/leverage", symbol="BTCUSDT", leverage=75)["maxNotionalValue"] == "200000"


def test_a_lower_leverage_must_leave_enough_margin() -> None:
    venue = a_venue(AccountSpec(balance="1000", leverage=20))
    place(venue.exchange, market(BUY, "0.200"))

    assert refusal_of(venue, "POST v1/leverage", symbol="BTCUSDT", leverage=10) == -2028
    assert body(venue, "POST v1/leverage", symbol="BTCUSDT", leverage=15)["leverage"] == 15


def test_an_order_may_not_lead_to_a_position_larger_than_its_leverage_allows() -> None:
    venue = a_venue(AccountSpec(balance="1000000", leverage=100))
    place(venue.exchange, market(BUY, "1"))

    with pytest.raises(VenueError, match="-2027"):
        place(venue.exchange, limit(BUY, "0.6", "65000"))
    place(venue.exchange, limit(SELL, "2", "66000"))


def test_in_multi_assets_mode_one_asset_carries_the_orders_of_another() -> None:
    venue = a_venue(AccountSpec(balance="10", balances={"USDC": "1000"}, leverage=10))
    with pytest.raises(VenueError, match="-2019"):
        place(venue.exchange, market(BUY, "0.010"))

    ask(venue, "POST v1/multiAssetsMargin", multiAssetsMargin="true")
    place(venue.exchange, market(BUY, "0.010"))

    account = body(venue, "GET v3/account")
    usdt, usdc = account["assets"]
    assert account["totalWalletBalance"] == "1009.74000000"
    assert usdt["walletBalance"] == "9.74000000"
    assert usdt["availableBalance"] == usdc["availableBalance"] == "944.54457154"
    assert Decimal(account["availableBalance"]) == Decimal("944.639026")
    assert Decimal(usdt["maxWithdrawAmount"]) <= Decimal(usdt["crossWalletBalance"])


def test_multi_assets_mode_is_not_left_while_it_carries_a_position() -> None:
    venue = a_venue(AccountSpec(balance="10", balances={"USDC": "1000"}, leverage=10))
    ask(venue, "POST v1/multiAssetsMargin", multiAssetsMargin="true")
    place(venue.exchange, market(BUY, "0.010"))

    assert refusal_of(venue, "POST v1/multiAssetsMargin", multiAssetsMargin="false") == -4172


def test_multi_assets_mode_is_not_entered_with_less_than_the_positions_need() -> None:
    venue = a_venue(AccountSpec(balance="65.265", leverage=10))
    place(venue.exchange, market(BUY, "0.010"))

    assert refusal_of(venue, "POST v1/multiAssetsMargin", multiAssetsMargin="true") == -4169


def test_the_leverage_of_an_isolated_position_only_rises() -> None:
    venue = isolated()
    place(venue.exchange, market(BUY, "0.010"))

    assert refusal_of(venue, "POST v1/leverage", symbol="BTCUSDT", leverage=5) == -4161
    assert body(venue, "POST v1/leverage", symbol="BTCUSDT", leverage=20)["leverage"] == 20


def test_profit_of_isolated_positions_is_not_available_to_others() -> None:
    venue = isolated(balance="1000")
    place(venue.exchange, market(BUY, "0.010"))
    venue.exchange.set_price("BTCUSDT", Decimal(70000), NOW)

    (usdt,) = body(venue, "GET v3/balance")
    (risk,) = body(venue, "GET v3/positionRisk")

    assert (usdt["crossUnPnl"], usdt["availableBalance"]) == ("0.00000000", "934.74000000")
    assert (risk["isolatedWallet"], risk["isolatedMargin"]) == ("65.00000000", "115.00000000")
