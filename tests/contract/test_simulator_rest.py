"""Every REST body that the simulator answers has the keys and types of Binance's."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import AccountSpec, Profile, VenueError
from simulator.core import venue_error
from simulator.core.endpoints import ROUTES
from simulator.core.venue import Call, Venue
from simulator.core.venue_error import api_key_malformed, api_key_unknown, missing_parameter, refusal
from tests.contract.shape import fixture, shape, without
from tests.simulator.core.trading import NOW, a_venue

TRAILING = ("activatePrice", "priceRate")
"""Keys that only trailing stops have, which the samples happen to be."""

LIMIT_ORDER = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.010",
    "price": "60000",
    "newClientOrderId": "mine",
}
MARKET_ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}
NAMED = {"symbol": "BTCUSDT", "origClientOrderId": "mine"}
AMENDMENT = NAMED | {"side": "BUY", "quantity": "0.020", "price": "60000", "modifyId": "1"}


def ask(venue: Venue, method: str, path: str, **params: object) -> Any:
    sent = {name: str(value) for name, value in params.items()}
    return ROUTES[method, path].endpoint(venue, Call(sent, "default", NOW)).body


def a_trading_venue() -> Venue:
    """Return a venue whose account has an open order, a trade and a position."""
    venue = a_venue()
    ask(venue, "POST", "/fapi/v1/order", **LIMIT_ORDER)
    ask(venue, "POST", "/fapi/v1/order", **MARKET_ORDER)
    ask(venue, "POST", "/fapi/v1/listenKey")
    return venue


@pytest.mark.parametrize(
    ("method", "path", "params", "sample"),
    [
        ("GET", "/fapi/v1/ping", {}, "ping"),
        ("GET", "/fapi/v1/time", {}, "check_server_time"),
        ("POST", "/fapi/v1/listenKey", {}, "start_user_data_stream"),
        ("PUT", "/fapi/v1/listenKey", {}, "keepalive_user_data_stream"),
        ("DELETE", "/fapi/v1/listenKey", {}, "close_user_data_stream"),
        ("POST", "/fapi/v1/order", LIMIT_ORDER | {"newClientOrderId": "next"}, "new_order"),
        ("PUT", "/fapi/v1/order", AMENDMENT, "modify_order"),
        ("DELETE", "/fapi/v1/order", NAMED, "cancel_order"),
        ("GET", "/fapi/v1/order", NAMED, "query_order"),
        ("GET", "/fapi/v1/openOrder", NAMED, "query_current_open_order"),
        ("GET", "/fapi/v1/openOrders", {}, "current_all_open_orders"),
        ("GET", "/fapi/v1/allOrders", {}, "all_orders"),
        ("DELETE", "/fapi/v1/allOpenOrders", {"symbol": "BTCUSDT"}, "cancel_all_open_orders"),
        ("GET", "/fapi/v1/userTrades", {"symbol": "BTCUSDT"}, "account_trade_list"),
        ("GET", "/fapi/v2/account", {}, "account_information_v2"),
        ("GET", "/fapi/v3/account", {}, "account_information_v3"),
        ("GET", "/fapi/v2/balance", {}, "futures_account_balance_v2"),
        ("GET", "/fapi/v3/balance", {}, "futures_account_balance_v3"),
        ("GET", "/fapi/v2/positionRisk", {}, "position_information_v2"),
        ("GET", "/fapi/v3/positionRisk", {}, "position_information_v3"),
        ("POST", "/fapi/v1/leverage", {"symbol": "BTCUSDT", "leverage": 21}, "change_initial_leverage"),
        ("GET", "/fapi/v1/positionSide/dual", {}, "get_current_position_mode"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_answer_has_the_shape_of_its_sample(method: str, path: str, params: dict[str, object], sample: str) -> None:
    body = ask(a_trading_venue(), method, path, **params)

    assert shape(body) == shape(without(fixture(f"rest/{sample}.json"), *TRAILING))


def test_a_change_of_position_mode_has_the_shape_of_its_sample() -> None:
    body = ask(a_venue(), "POST", "/fapi/v1/positionSide/dual", dualSidePosition="true")

    assert body == fixture("rest/change_position_mode.json")


def test_the_market_has_the_shape_of_the_sample_symbol_by_symbol() -> None:
    sample = fixture("rest/exchange_information.json")
    body = ask(a_venue(), "GET", "/fapi/v1/exchangeInfo")
    filters = [sorted(found.items()) for found in map(shape, sample["symbols"][0]["filters"])]

    assert shape(without(body, "underlyingSubType")) == shape(without(sample, "underlyingSubType"))
    for symbol in body["symbols"]:
        assert [sorted(found.items()) for found in map(shape, symbol["filters"])] == filters


def test_the_market_of_bitcoin_has_the_sampled_filters() -> None:
    sample = fixture("rest/exchange_information.json")["symbols"][0]
    (bitcoin,) = [s for s in ask(a_venue(), "GET", "/fapi/v1/exchangeInfo")["symbols"] if s["symbol"] == "BTCUSDT"]

    tick, step, notional = (0, "tickSize"), (1, "stepSize"), (4, "notional")
    for position, name in (tick, step, notional):
        assert bitcoin["filters"][position][name] == sample["filters"][position][name]
    assert bitcoin["pricePrecision"] == sample["pricePrecision"]


@pytest.mark.parametrize(
    ("shows", "response_type", "present"),
    [("never", "RESULT", False), ("result", "ACK", False), ("result", "RESULT", True), ("always", "ACK", True)],
)
def test_average_prices_in_acknowledgements_are_a_switch(shows: Any, response_type: str, present: bool) -> None:
    venue = a_venue(profile=Profile(acknowledge_with_average_price=shows))

    body = ask(venue, "POST", "/fapi/v1/order", **MARKET_ORDER, newOrderRespType=response_type)

    assert ("avgPrice" in body, "cumQuote" in body) == (present, present)


@pytest.mark.parametrize(
    ("error", "sample"),
    [
        (refusal(venue_error.OUTSIDE_RECEIVE_WINDOW), "-1021"),
        (refusal(venue_error.SIGNATURE_INVALID), "-1022"),
        (missing_parameter("quantity"), "-1102"),
        (refusal(venue_error.INVALID_SYMBOL), "-1121"),
        (refusal(venue_error.NO_LISTEN_KEY), "-1125"),
        (refusal(venue_error.UNKNOWN_ORDER), "-2011"),
        (refusal(venue_error.NO_SUCH_ORDER), "-2013"),
        (api_key_malformed(), "-2014"),
        (api_key_unknown("1.2.3.4"), "-2015"),
        (refusal(venue_error.CONDITIONAL_ELSEWHERE), "-4120"),
        (refusal(venue_error.POST_ONLY_REJECTED), "-5022"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_is_binances_word_for_word(error: VenueError, sample: str) -> None:
    expected = fixture("errors/examples.json")[sample]

    assert {"http": error.status, "body": {"code": error.code, "msg": error.message}} == expected


def test_hedge_mode_lists_long_and_short() -> None:
    venue = a_venue(AccountSpec(dual_side_position=True))

    rows = ask(venue, "GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")

    assert [row["positionSide"] for row in rows] == ["LONG", "SHORT"]
