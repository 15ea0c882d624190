"""Orders of other clients are said in snake case and sent as Binance's parameters."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.core.accounts.external import external_algo_params, external_params


def test_arguments_become_parameters() -> None:
    order = {"symbol": "BTCUSDT", "quantity": Decimal("0.010"), "client_order_id": "web_1", "reduce_only": True}

    assert external_params(order) == {
        "symbol": "BTCUSDT",
        "quantity": "0.010",
        "newClientOrderId": "web_1",
        "reduceOnly": "true",
    }


def test_a_limit_order_is_good_till_cancelled_unless_it_says_otherwise() -> None:
    assert external_params({"type": "LIMIT"})["timeInForce"] == "GTC"
    assert external_params({"type": "LIMIT", "time_in_force": "IOC"})["timeInForce"] == "IOC"
    assert external_params({"type": "MARKET", "price": None}) == {"type": "MARKET"}


def test_an_argument_that_no_order_has_is_an_error() -> None:
    with pytest.raises(TypeError, match="an order has no qty: it has symbol"):
        external_params({"qty": "1"})


def test_a_conditional_order_is_sent_by_its_own_names() -> None:
    order = {"symbol": "BTCUSDT", "trigger_price": "64000", "close_position": True, "price": None}

    assert external_algo_params(order) == {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "triggerPrice": "64000",
        "closePosition": "true",
    }
