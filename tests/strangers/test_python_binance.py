"""What users of python-binance see of their orders and of the market: Binance's own answers, `BinanceAPIException`.

The blocking and the asynchronous client send what they send in ways of their own; both go through an order's life.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.strangers.clients import BinanceAPIException, async_python_binance, sync_python_binance
from tests.strangers.venue import PATIENCE_S, Venue, wait_until

BTC = "BTCUSDT"


@pytest.fixture
def blocking(venue: Venue) -> Any:
    return sync_python_binance(venue)


@pytest.fixture
async def trader(venue: Venue) -> AsyncIterator[Any]:
    client = async_python_binance(venue)
    yield client
    await client.close_connection()


@pytest.fixture
async def other(venue: Venue) -> AsyncIterator[Any]:
    client = async_python_binance(venue, venue.maker)
    yield client
    await client.close_connection()


async def code_of(refused: Awaitable[Any]) -> int:
    with pytest.raises(BinanceAPIException) as caught:
        await refused
    return int(caught.value.code)


def limit_buy(price: object = 60000, quantity: object = "0.010", **more: object) -> dict[str, object]:
    order = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    return {**order, "quantity": quantity, "price": price, **more}


async def test_limit_order_rests_and_fills_in_parts_against_another_account(trader: Any, other: Any) -> None:
    price = (await trader.futures_order_book(symbol=BTC, limit=5))["bids"][0][0]
    placed = await trader.futures_create_order(**limit_buy(price))
    assert (placed["status"], placed["executedQty"]) == ("NEW", "0.000")

    against = limit_buy(price) | {"side": "SELL"}
    await other.futures_create_order(**against | {"quantity": "0.004"})
    half = await trader.futures_get_order(symbol=BTC, orderId=placed["orderId"])
    assert (half["status"], half["executedQty"]) == ("PARTIALLY_FILLED", "0.004")

    await other.futures_create_order(**against | {"quantity": "0.006"})
    whole = await trader.futures_get_order(symbol=BTC, orderId=placed["orderId"])
    assert (whole["status"], Decimal(whole["avgPrice"])) == ("FILLED", Decimal(price))
    assert await trader.futures_get_open_orders(symbol=BTC) == []
    trades = await trader.futures_account_trades(symbol=BTC)
    assert [(trade["qty"], trade["maker"]) for trade in trades] == [("0.004", True), ("0.006", True)]


def test_blocking_client_places_amends_and_cancels(blocking: Any) -> None:
    placed = blocking.futures_create_order(**limit_buy(newClientOrderId="mine-1"))
    assert placed["clientOrderId"] == "mine-1"
    amended = blocking.futures_modify_order(
        symbol=BTC, orderId=placed["orderId"], side="BUY", quantity="0.020", price="60100"
    )
    assert (amended["orderId"], amended["origQty"], amended["price"]) == (placed["orderId"], "0.020", "60100.00")
    (amendment,) = blocking.futures_v1_get_order_amendment(symbol=BTC, orderId=placed["orderId"])
    assert amendment["amendment"]["price"] == {"before": "60000.00", "after": "60100.00"}
    assert blocking.futures_cancel_order(symbol=BTC, origClientOrderId="mine-1")["status"] == "CANCELED"
    assert [order["status"] for order in blocking.futures_get_all_orders(symbol=BTC)] == ["CANCELED"]


def test_blocking_client_trades_at_the_market(blocking: Any) -> None:
    order = blocking.futures_create_order(symbol=BTC, side="BUY", type="MARKET", quantity=0.01)
    assert blocking.futures_get_order(symbol=BTC, orderId=order["orderId"])["status"] == "FILLED"
    (position,) = blocking.futures_position_information(symbol=BTC)
    assert (position["positionAmt"], position["positionSide"]) == ("0.010", "BOTH")
    (balance,) = [balance for balance in blocking.futures_account_balance() if balance["asset"] == "USDT"]
    assert Decimal(balance["balance"]) < 10000


async def test_orders_are_placed_and_cancelled_by_the_batch(trader: Any) -> None:
    orders = [limit_buy(str(price), str(quantity)) for price, quantity in ((60000, "0.010"), (60100, "100000"))]
    placed, refused = await trader.futures_place_batch_order(batchOrders=orders)
    assert (placed["status"], refused["code"]) == ("NEW", -4005)
    cancelled, unknown = await trader.futures_cancel_orders(symbol=BTC, orderidlist=[placed["orderId"], 1])
    assert (cancelled["status"], unknown["code"]) == ("CANCELED", -2011)


async def test_stop_loss_waits_triggers_and_closes_the_position(trader: Any, venue: Venue) -> None:
    await trader.futures_create_order(symbol=BTC, side="BUY", type="MARKET", quantity="0.010")
    stop = await trader.futures_create_order(
        symbol=BTC, side="SELL", type="STOP_MARKET", stopPrice="64000", closePosition="true"
    )
    assert (stop["algoStatus"], stop["closePosition"], stop["triggerPrice"]) == ("NEW", True, "64000.00")
    assert [order["algoId"] for order in await trader.futures_get_open_algo_orders()] == [stop["algoId"]]

    venue.set_price(BTC, 63900)
    async with asyncio.timeout(PATIENCE_S):
        while (ended := await trader.futures_get_algo_order(algoId=stop["algoId"]))["algoStatus"] != "FINISHED":
            pass
    assert ended["actualQty"] == "0.010"
    child = await trader.futures_get_order(symbol=BTC, orderId=ended["actualOrderId"])
    assert (child["type"], child["status"]) == ("MARKET", "FILLED")
    assert await trader.futures_position_information(symbol=BTC) == []


async def test_waiting_stop_is_cancelled(trader: Any) -> None:
    stop = await trader.futures_create_order(
        symbol=BTC, side="BUY", type="STOP_MARKET", stopPrice="70000", quantity="0.010"
    )
    assert (await trader.futures_cancel_algo_order(algoId=stop["algoId"]))["code"] == "200"
    assert await trader.futures_get_open_algo_orders() == []


async def test_hedge_mode_holds_a_long_and_a_short_position(trader: Any) -> None:
    await trader.futures_change_position_mode(dualSidePosition="true")
    assert (await trader.futures_get_position_mode())["dualSidePosition"] is True
    for side, position_side, quantity in (("BUY", "LONG", "0.020"), ("SELL", "SHORT", "0.010")):
        await trader.futures_create_order(
            symbol=BTC, side=side, positionSide=position_side, type="MARKET", quantity=quantity
        )
    positions = await trader.futures_position_information(symbol=BTC)
    assert {position["positionSide"]: position["positionAmt"] for position in positions} == {
        "LONG": "0.020", "SHORT": "-0.010",
    }  # fmt: skip
    assert await code_of(trader.futures_change_position_mode(dualSidePosition="false")) == -4068
    assert await code_of(trader.futures_create_order(**limit_buy())) == -4061


async def test_leverage_and_margin_are_changed(trader: Any) -> None:
    changed = await trader.futures_change_leverage(symbol=BTC, leverage=7)
    assert (changed["leverage"], changed["symbol"]) == (7, BTC)
    assert await code_of(trader.futures_change_leverage(symbol=BTC, leverage=126)) == -4028
    assert await trader.futures_change_margin_type(symbol=BTC, marginType="ISOLATED") == {"code": 200, "msg": "success"}
    assert await code_of(trader.futures_change_margin_type(symbol=BTC, marginType="ISOLATED")) == -4046

    await trader.futures_create_order(symbol=BTC, side="BUY", type="MARKET", quantity="0.010")
    answer = await trader.futures_change_position_margin(symbol=BTC, amount="50", type=1)
    assert (answer["amount"], answer["type"]) == (50.0, 1)
    assert [change["amount"] for change in await trader.futures_position_margin_history(symbol=BTC)][-1:] != []


async def test_refused_orders_say_the_exchanges_codes(trader: Any) -> None:
    place = trader.futures_create_order
    assert await code_of(place(**limit_buy(quantity="10"))) == -2019
    assert await code_of(place(**limit_buy(price="60000.123"))) == -1111
    assert await code_of(place(**limit_buy(price="60000.05"))) == -4014
    assert await code_of(place(**limit_buy(quantity="0.001", price="49000"))) == -4164
    assert await code_of(place(**limit_buy(symbol="NOSUCHUSDT"))) == -1121
    assert await code_of(place(**limit_buy(timeInForce="GTX", price="66000"))) == -5022
    assert await code_of(place(**limit_buy(timeInForce="FOK"))) == -5021
    assert await code_of(trader.futures_get_order(symbol=BTC, orderId=1)) == -2013
    assert await code_of(trader.futures_cancel_order(symbol=BTC, orderId=1)) == -2011


async def test_wrong_secret_unknown_key_and_wrong_clock_are_refused(trader: Any, venue: Venue) -> None:
    trader.timestamp_offset = -60_000
    assert await code_of(trader.futures_account_balance()) == -1021
    trader.timestamp_offset = 5_000
    assert await code_of(trader.futures_account_balance()) == -1021
    trader.timestamp_offset = 0
    trader.API_SECRET = "of somebody else"
    assert await code_of(trader.futures_account_balance()) == -1022
    trader.session.headers["X-MBX-APIKEY"] = venue.keys.api_key[::-1]
    assert await code_of(trader.futures_account_balance()) == -2015


Ask = Callable[[Any], Awaitable[Any]]

QUESTIONS: dict[str, Ask] = {
    "ping": lambda ask: ask.futures_ping(),
    "time": lambda ask: ask.futures_time(),
    "exchange_information": lambda ask: ask.futures_exchange_info(),
    "book": lambda ask: ask.futures_order_book(symbol=BTC),
    "trades": lambda ask: ask.futures_recent_trades(symbol=BTC),
    "old_trades": lambda ask: ask.futures_historical_trades(symbol=BTC),
    "aggregate_trades": lambda ask: ask.futures_aggregate_trades(symbol=BTC),
    "candles": lambda ask: ask.futures_klines(symbol=BTC, interval="1m"),
    "continuous_candles": lambda ask: ask.futures_continuous_klines(pair=BTC, contractType="PERPETUAL", interval="1m"),
    "mark_candles": lambda ask: ask.futures_mark_price_klines(symbol=BTC, interval="1m"),
    "index_candles": lambda ask: ask.futures_index_price_klines(pair=BTC, interval="1m"),
    "premium_candles": lambda ask: ask.futures_premium_index_klines(symbol=BTC, interval="1m"),
    "mark_price": lambda ask: ask.futures_mark_price(symbol=BTC),
    "mark_prices": lambda ask: ask.futures_mark_price(),
    "funding_rates": lambda ask: ask.futures_funding_rate(symbol=BTC),
    "funding_info": lambda ask: ask.futures_v1_get_funding_info(),
    "day": lambda ask: ask.futures_ticker(symbol=BTC),
    "days": lambda ask: ask.futures_ticker(),
    "price": lambda ask: ask.futures_symbol_ticker(symbol=BTC),
    "best": lambda ask: ask.futures_orderbook_ticker(symbol=BTC),
    "open_interest": lambda ask: ask.futures_open_interest(symbol=BTC),
    "liquidations": lambda ask: ask.futures_liquidation_orders(),
    "trading_status": lambda ask: ask.futures_api_trading_status(),
    "commission": lambda ask: ask.futures_commission_rate(symbol=BTC),
    "ADL_quantile": lambda ask: ask.futures_adl_quantile_estimate(symbol=BTC),
    "brackets": lambda ask: ask.futures_leverage_bracket(),
    "account": lambda ask: ask.futures_account(),
    "balances": lambda ask: ask.futures_account_balance(),
    "account_configuration": lambda ask: ask.futures_account_config(),
    "symbol_configuration": lambda ask: ask.futures_symbol_config(symbol=BTC),
    "income": lambda ask: ask.futures_income_history(),
    "multi-assets_mode": lambda ask: ask.futures_get_multi_assets_mode(),
    "fee_burn": lambda ask: ask.futures_v1_get_fee_burn(),
    "order_limits": lambda ask: ask.futures_v1_get_rate_limit_order(),
    "asset_index": lambda ask: ask.futures_v1_get_asset_index(),
    "order_test": lambda ask: ask.futures_create_test_order(**limit_buy()),
    "countdown": lambda ask: ask.futures_countdown_cancel_all(symbol=BTC, countdownTime=0),
    "cancel_all": lambda ask: ask.futures_cancel_all_open_orders(symbol=BTC),
    "cancel_all_conditional": lambda ask: ask.futures_cancel_all_algo_open_orders(symbol=BTC),
    "conditional_orders": lambda ask: ask.futures_get_all_algo_orders(symbol=BTC),
}


@pytest.mark.parametrize("question", QUESTIONS)
async def test_what_is_asked_is_answered(trader: Any, question: str) -> None:
    answer = await QUESTIONS[question](trader)
    assert isinstance(answer, dict | list)
    assert not isinstance(answer, dict) or answer.get("code", 200) in {200, "200"}


async def test_countdown_cancels_what_is_open_when_nobody_renews_it(trader: Any, venue: Venue) -> None:
    await trader.futures_create_order(**limit_buy())
    answer = await trader.futures_countdown_cancel_all(symbol=BTC, countdownTime=50)
    assert answer == {"symbol": BTC, "countdownTime": "50"}
    wait_until(lambda: venue.state()["orders"][0]["status"] == "CANCELED")
    assert await trader.futures_get_open_orders(symbol=BTC) == []


async def test_orders_and_account_are_asked_over_the_websocket_api(trader: Any) -> None:
    placed = await trader.ws_futures_create_order(**limit_buy())
    assert placed["status"] == "NEW"
    assert (await trader.ws_futures_get_order(symbol=BTC, orderId=placed["orderId"]))["price"] == "60000.00"
    amended = await trader.ws_futures_edit_order(
        symbol=BTC, orderId=placed["orderId"], side="BUY", quantity="0.020", price="60100"
    )
    assert amended["origQty"] == "0.020"
    assert (await trader.ws_futures_cancel_order(symbol=BTC, orderId=placed["orderId"]))["status"] == "CANCELED"
    assert await code_of(trader.ws_futures_cancel_order(symbol=BTC, orderId=placed["orderId"])) == -2011
    assert "USDT" in [balance["asset"] for balance in await trader.ws_futures_v2_account_balance()]
    assert (await trader.ws_futures_get_order_book_ticker(symbol=BTC))["symbol"] == BTC
