"""The terms of conditional orders and amendments: refused here when they cannot be, written as Binance wants them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from user_stream.core.order_terms import algo_params, amend_params, conditional_order
from user_stream.core.orders import Order, OrderState


def terms(order_type: str = "STOP_MARKET", **given: Any) -> Order:
    """Return a conditional order with these terms, and else those of a stop that sells one."""
    usual: dict[str, Any] = {
        "client_order_id": "stop", "symbol": "BTCUSDT", "side": "SELL", "order_type": order_type, "quantity": "1",
        "close_position": False, "trigger_price": "90", "price": None, "working_type": "CONTRACT_PRICE",
        "reduce_only": False, "position_side": "BOTH", "activate_price": None, "callback_rate": None,
        "time_in_force": "GTC",
    }  # fmt: skip
    return conditional_order(**{**usual, **given})


def test_stop_is_written_as_its_endpoint_wants_it() -> None:
    assert algo_params(terms(trigger_price="9E+1", reduce_only=True, position_side="LONG")) == {
        "algoType": "CONDITIONAL",
        "symbol": "BTCUSDT",
        "side": "SELL",
        "type": "STOP_MARKET",
        "quantity": "1",
        "triggerPrice": "90",
        "workingType": "CONTRACT_PRICE",
        "clientAlgoId": "stop",
        "positionSide": "LONG",
        "reduceOnly": "true",
    }


def test_order_that_closes_the_position_has_no_quantity() -> None:
    order = terms("TAKE_PROFIT_MARKET", quantity=None, close_position=True, working_type="MARK_PRICE")

    params = algo_params(order)
    assert (params["closePosition"], params["workingType"]) == ("true", "MARK_PRICE")
    assert "quantity" not in params
    intent = order.intent(sent_at_ms=1)
    assert (order.quantity, intent.quantity, intent.algo) == (Decimal(0), "0", True)


def test_stop_with_a_limit_has_price_and_time_in_force() -> None:
    params = algo_params(terms("STOP", price="89.5", time_in_force="IOC"))

    assert (params["price"], params["timeInForce"], params["triggerPrice"]) == ("89.5", "IOC", "90")


def test_trailing_stop_has_a_rate_and_may_have_an_activation_price() -> None:
    plain = terms("TRAILING_STOP_MARKET", trigger_price=None, callback_rate="0.5")
    assert algo_params(plain)["callbackRate"] == "0.5"
    assert {"activatePrice", "triggerPrice", "timeInForce"}.isdisjoint(algo_params(plain))

    waiting = terms("TRAILING_STOP_MARKET", trigger_price=None, callback_rate="0.5", activate_price="120")
    assert algo_params(waiting)["activatePrice"] == "120"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"order_type": "LIMIT"}, "order_type must be one of STOP"),
        ({"working_type": "LAST_PRICE"}, "working_type must be CONTRACT_PRICE or MARK_PRICE"),
        ({"quantity": None}, "need a quantity or close_position"),
        ({"close_position": True}, "leave quantity and reduce_only out"),
        ({"quantity": None, "close_position": True, "reduce_only": True}, "leave quantity and reduce_only out"),
        ({"order_type": "STOP", "price": "1", "quantity": None, "close_position": True}, "close_position goes with"),
        ({"trigger_price": None}, "STOP_MARKET orders need a trigger_price"),
        ({"price": "1"}, "STOP_MARKET orders have no price"),
        ({"order_type": "TAKE_PROFIT"}, "TAKE_PROFIT orders need a price"),
        ({"order_type": "TRAILING_STOP_MARKET", "callback_rate": "1"}, "have no trigger_price"),
        ({"order_type": "TRAILING_STOP_MARKET", "trigger_price": None}, "need a callback_rate"),
        ({"callback_rate": "1"}, "STOP_MARKET orders have no callback_rate"),
        ({"activate_price": "1"}, "STOP_MARKET orders have no activate_price"),
        ({"trigger_price": "0"}, "trigger_price must be a number greater than 0"),
        ({"side": "sell"}, "side must be BUY or SELL"),
    ],
)
def test_terms_that_cannot_be_are_refused_with_what_is_wrong(given: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        terms(**given)


def test_float_is_refused() -> None:
    with pytest.raises(TypeError, match="a float rounds"):
        terms(trigger_price=0.1)


# --- amendments -----------------------------------------------------------------------------------------------------


def resting(**fields: Any) -> Order:
    """Return a LIMIT order that rests."""
    usual: dict[str, Any] = {
        "client_order_id": "mine", "symbol": "BTCUSDT", "side": "BUY", "order_type": "LIMIT", "quantity": Decimal(10),
        "price": Decimal(100), "state": OrderState.ACTIVE, "order_id": "7",
    }  # fmt: skip
    return Order(**{**usual, **fields})


def test_amendment_names_the_order_by_its_id_and_both_terms() -> None:
    assert amend_params(resting(), quantity="12", price=None) == {
        "symbol": "BTCUSDT", "side": "BUY", "orderId": "7", "quantity": "12", "price": "100",
    }  # fmt: skip
    assert amend_params(resting(), quantity=None, price="99.5")["price"] == "99.5"


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (resting(state=OrderState.PLACING, order_id=""), "only an active LIMIT order can, and it is placing"),
        (resting(state=OrderState.CANCELLING), "it is cancelling"),
        (resting(state=OrderState.FILLED), "it is filled"),
        (resting(order_type="MARKET", price=Decimal(0)), "it is active, MARKET"),
        (terms("STOP", price="1"), "it is an untriggered conditional order"),
    ],
)
def test_order_that_cannot_be_amended_is_refused_before_anything_is_sent(order: Order, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        amend_params(order, quantity="12", price=None)


def test_amendment_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="what is to change"):
        amend_params(resting(), quantity=None, price=None)


def test_child_of_a_triggered_stop_can_be_amended() -> None:
    child = terms("STOP", price="89")
    triggered = resting(order_type="STOP", algo_id=1, client_order_id=child.client_order_id, order_id="8")

    assert amend_params(triggered, quantity=None, price="88")["orderId"] == "8"
