"""What the samples do not show by their shape: the exact filters, and keys that are there only in some cases."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import AccountSpec, Profile
from simulator.core.rest.endpoints import ROUTES
from simulator.core.venue import Call, Venue
from tests.contract.shape import fixture, shape
from tests.simulator.core.small_markets import NOW, a_venue

MARKET_ORDER = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.010"}


def ask(venue: Venue, method: str, path: str, **params: object) -> Any:
    sent = {name: str(value) for name, value in params.items()}
    return ROUTES[method, path].endpoint(venue, Call(sent, "default", NOW)).body


def test_every_symbol_has_the_sampled_filters_in_their_order() -> None:
    sample = fixture("rest/exchange_information.json")
    filters = [shape(found) for found in sample["symbols"][0]["filters"]]
    names = [found["filterType"] for found in sample["symbols"][0]["filters"]]

    for symbol in ask(a_venue(), "GET", "/fapi/v1/exchangeInfo")["symbols"]:
        assert [shape(found) for found in symbol["filters"]] == filters
        assert [found["filterType"] for found in symbol["filters"]] == names


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


def test_hedge_mode_lists_long_and_short() -> None:
    venue = a_venue(AccountSpec(dual_side_position=True))

    rows = ask(venue, "GET", "/fapi/v2/positionRisk", symbol="BTCUSDT")

    assert [row["positionSide"] for row in rows] == ["LONG", "SHORT"]
