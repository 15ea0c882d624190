"""POST order/test: the checks of an order, and nothing of the order."""

from __future__ import annotations

import pytest

from simulator import VenueError
from tests.simulator.core.conditional_orders import Bench

BUY = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010", "price": "60000"}


def test_a_good_order_is_shown_and_not_placed() -> None:
    bench = Bench()

    shown = bench.ask("POST order/test", **BUY, newClientOrderId="a")

    assert (shown["status"], shown["clientOrderId"], shown["cumQuote"]) == ("NEW", "a", "0.00000")
    assert bench.ask("GET openOrders") == []
    assert bench.said() == []


def test_it_may_answer_with_nothing() -> None:
    """U14 of the protocol's open questions."""
    assert Bench(order_test="empty").ask("POST order/test", **BUY) == {}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"side": "HOLD"}, -1117),
        ({"type": "STOP_MARKET"}, -4120),
        ({"quantity": "10"}, -2019),
        ({"timeInForce": "GTX", "price": "65000"}, -5022),
        ({"timeInForce": "FOK"}, -5021),
        ({"reduceOnly": "true"}, -2022),
    ],
)
def test_a_bad_order_is_refused_as_if_it_were_meant(change: dict[str, str], code: int) -> None:
    refused_as = []
    for path in ("order/test", "order"):
        with pytest.raises(VenueError) as refused:
            Bench().ask(f"POST {path}", **(BUY | change))
        refused_as.append(refused.value.code)

    assert refused_as == [code, code]
