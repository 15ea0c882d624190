"""What users of ccxt see of their orders: unified structures, and the exceptions that they catch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import ccxt
import pytest

from tests.strangers.clients import BTC, sync_ccxt
from tests.strangers.venue import Venue, wait_until

LIMIT_BUY = {
    "symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010", "price": "60000",
}  # fmt: skip


@pytest.fixture
def trader(venue: Venue) -> Iterator[Any]:
    client = sync_ccxt(venue)
    with closing(client.session):
        yield client


@pytest.fixture
def other(venue: Venue) -> Iterator[Any]:
    client = sync_ccxt(venue, venue.maker)
    with closing(client.session):
        yield client


def best_bid(client: Any) -> float:
    return float(client.fetch_order_book(BTC, 5)["bids"][0][0])


def test_limit_order_rests_and_fills_in_parts_against_another_account(trader: Any, other: Any) -> None:
    price = best_bid(trader)
    placed = trader.create_order(BTC, "limit", "buy", 0.01, price)
    assert (placed["status"], placed["remaining"], placed["price"]) == ("open", 0.01, price)

    other.create_order(BTC, "limit", "sell", 0.004, price)
    half = trader.fetch_order(placed["id"], BTC)
    assert (half["status"], half["filled"], half["remaining"], half["average"]) == ("open", 0.004, 0.006, price)
    assert [order["id"] for order in trader.fetch_open_orders(BTC)] == [placed["id"]]

    other.create_order(BTC, "limit", "sell", 0.006, price)
    whole = trader.fetch_order(placed["id"], BTC)
    assert (whole["status"], whole["filled"], whole["cost"]) == ("closed", 0.01, pytest.approx(0.01 * price))
    assert trader.fetch_open_orders(BTC) == []
    assert [order["id"] for order in trader.fetch_closed_orders(BTC)] == [placed["id"]]


def test_trades_of_both_sides_are_the_same_trades(trader: Any, other: Any) -> None:
    price = best_bid(trader)
    trader.create_order(BTC, "limit", "buy", 0.01, price)
    other.create_order(BTC, "market", "sell", 0.01)

    (bought,), (sold,) = trader.fetch_my_trades(BTC), other.fetch_my_trades(BTC)
    assert (bought["id"], bought["timestamp"]) == (sold["id"], sold["timestamp"])
    assert (bought["side"], bought["takerOrMaker"], bought["amount"]) == ("buy", "maker", 0.01)
    assert (sold["side"], sold["takerOrMaker"], sold["price"]) == ("sell", "taker", price)
    assert bought["fee"]["currency"] == "USDT"
    assert 0 < bought["fee"]["cost"] < sold["fee"]["cost"]


def test_market_order_fills_at_once_and_opens_a_position(trader: Any) -> None:
    order = trader.create_order(BTC, "market", "buy", 0.01)
    assert (order["type"], order["status"], order["filled"]) == ("market", "closed", 0.01)

    (position,) = trader.fetch_positions([BTC])
    assert (position["side"], position["contracts"], position["marginMode"]) == ("long", 0.01, "cross")
    assert position["entryPrice"] == pytest.approx(float(trader.fetch_order(order["id"], BTC)["average"]))
    assert position["initialMargin"] > position["maintenanceMargin"] > 0
    assert position["notional"] == pytest.approx(0.01 * position["markPrice"])


def test_order_is_cancelled_once(trader: Any) -> None:
    placed = trader.create_order(BTC, "limit", "buy", 0.01, 60000)
    cancelled = trader.cancel_order(placed["id"], BTC)
    assert (cancelled["id"], cancelled["status"]) == (placed["id"], "canceled")

    with pytest.raises(ccxt.OrderNotFound, match=r"Unknown order sent\."):
        trader.cancel_order(placed["id"], BTC)
    assert [order["id"] for order in trader.fetch_canceled_orders(BTC)] == [placed["id"]]


def test_order_keeps_its_id_when_it_is_edited(trader: Any) -> None:
    placed = trader.create_order(BTC, "limit", "buy", 0.01, 60000, {"clientOrderId": "mine-1"})
    edited = trader.edit_order(placed["id"], BTC, "limit", "buy", 0.02, 60100)
    assert (edited["id"], edited["clientOrderId"]) == (placed["id"], "mine-1")
    assert (edited["amount"], edited["price"], edited["status"]) == (0.02, 60100.0, "open")


def test_orders_are_placed_and_cancelled_by_the_batch(trader: Any) -> None:
    wanted = [(60000, 0.01), (60010.1, 0.02), (60020, 100_000.0)]
    placed = trader.create_orders(
        [{"symbol": BTC, "type": "limit", "side": "buy", "amount": amount, "price": price} for price, amount in wanted]
    )
    taken = [order for order in placed if order["status"] == "open"]
    assert [(order["price"], order["amount"]) for order in taken] == wanted[:2]
    (refused,) = [order for order in placed if order["status"] == "rejected"]
    assert refused["info"]["code"] == -4005  # more than the symbol's greatest quantity

    ids = [order["id"] for order in taken]
    assert sorted(order["id"] for order in trader.fetch_open_orders(BTC)) == sorted(ids)
    cancelled = trader.cancel_orders(ids, BTC)
    assert [(order["id"], order["status"]) for order in cancelled] == [(number, "canceled") for number in ids]
    assert trader.fetch_open_orders(BTC) == []


def test_all_orders_are_cancelled_together(trader: Any) -> None:
    for price in (60000, 60100):
        trader.create_order(BTC, "limit", "buy", 0.01, price)
    trader.cancel_all_orders(BTC)
    assert trader.fetch_open_orders(BTC) == []
    assert [order["status"] for order in trader.fetch_orders(BTC)] == ["canceled", "canceled"]


def test_stop_loss_waits_triggers_and_closes_the_position(trader: Any, venue: Venue) -> None:
    trader.create_order(BTC, "market", "buy", 0.01)
    stop = trader.create_order(BTC, "market", "sell", 0.01, None, {"stopLossPrice": 64000, "reduceOnly": True})
    assert (stop["type"], stop["status"], stop["triggerPrice"]) == ("market", "open", 64000.0)
    assert [order["id"] for order in trader.fetch_open_orders(BTC, params={"trigger": True})] == [stop["id"]]
    assert trader.fetch_open_orders(BTC) == []

    venue.set_price("BTCUSDT", 63900)
    assert trader.fetch_open_orders(BTC, params={"trigger": True}) == []
    wait_until(lambda: trader.fetch_order(stop["id"], BTC, {"trigger": True})["status"] == "closed")
    assert trader.fetch_positions([BTC]) == []
    bought, sold = trader.fetch_my_trades(BTC)
    assert (sold["side"], sold["amount"]) == ("sell", 0.01)
    assert float(sold["info"]["realizedPnl"]) == pytest.approx(0.01 * (sold["price"] - bought["price"]))


def test_waiting_stop_is_cancelled_by_its_id(trader: Any) -> None:
    trader.create_order(BTC, "market", "buy", 0.01)
    stop = trader.create_order(BTC, "market", "sell", 0.01, None, {"stopLossPrice": 64000})
    trader.cancel_order(stop["id"], BTC, {"trigger": True})
    assert trader.fetch_open_orders(BTC, params={"trigger": True}) == []


def test_stop_that_would_trigger_at_once_is_refused(trader: Any) -> None:
    with pytest.raises(ccxt.OrderImmediatelyFillable, match="immediately trigger"):
        trader.create_order(BTC, "market", "sell", 0.01, None, {"stopLossPrice": 66000})


def test_order_beyond_the_margin_is_refused(trader: Any) -> None:
    with pytest.raises(ccxt.InsufficientFunds, match=r"Margin is insufficient\."):
        trader.create_order(BTC, "limit", "buy", 10, 60000)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"price": "60000.123"}, "Precision is over the maximum defined for this asset"),
        ({"price": "60000.05"}, "Price not increased by tick size"),
        ({"quantity": "0.0101"}, "Precision is over the maximum defined for this asset"),
    ],
)
def test_price_or_quantity_off_the_grid_is_refused(trader: Any, changes: dict[str, str], message: str) -> None:
    with pytest.raises(ccxt.BadRequest, match=message):  # ccxt itself would have rounded
        trader.fapiPrivatePostOrder(LIMIT_BUY | changes)


def test_order_below_the_least_notional_is_refused(trader: Any) -> None:
    with pytest.raises(ccxt.InvalidOrder, match="notional must be no smaller than 50"):
        trader.fapiPrivatePostOrder(LIMIT_BUY | {"quantity": "0.001", "price": "49000"})


def test_unknown_order_is_not_found(trader: Any) -> None:
    with pytest.raises(ccxt.OrderNotFound, match=r"Order does not exist\."):
        trader.fetch_order("1", BTC)


def test_post_only_order_that_would_cross_and_fok_order_that_cannot_fill_are_refused(trader: Any) -> None:
    with pytest.raises(ccxt.InvalidOrder, match="Post Only order will be rejected"):
        trader.create_order(BTC, "limit", "buy", 0.01, 66000, {"postOnly": True})
    with pytest.raises(ccxt.InvalidOrder, match="FOK order has been rejected"):
        trader.create_order(BTC, "limit", "buy", 0.01, 60000, {"timeInForce": "FOK"})
    assert trader.fetch_orders(BTC) == []


def test_reduce_only_order_without_a_position_is_refused(trader: Any) -> None:
    with pytest.raises(ccxt.InvalidOrder, match=r"ReduceOnly Order is rejected\."):
        trader.create_order(BTC, "limit", "sell", 0.01, 70000, {"reduceOnly": True})


def test_wrong_secret_and_unknown_key_are_refused(venue: Venue, trader: Any) -> None:
    trader.load_markets()
    trader.secret = "of somebody else"
    with pytest.raises(ccxt.AuthenticationError, match=r"Signature for this request is not valid\."):
        trader.fetch_balance()
    trader.apiKey = venue.keys.api_key[::-1]
    with pytest.raises(ccxt.AuthenticationError, match="Invalid API-key, IP, or permissions for action"):
        trader.fetch_balance()


@pytest.mark.parametrize(("skew_ms", "message"), [(60_000, "outside of the recvWindow"), (-5_000, "1000ms ahead")])
def test_clock_that_is_wrong_is_refused_until_it_is_set(trader: Any, skew_ms: int, message: str) -> None:
    trader.load_markets()
    trader.options["timeDifference"] = skew_ms
    with pytest.raises(ccxt.InvalidNonce, match=message):
        trader.fetch_balance()
    trader.load_time_difference()
    assert trader.fetch_balance()["USDT"]["total"] == 10000
