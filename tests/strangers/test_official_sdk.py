"""What users of Binance's own Python SDK see: typed models over REST, a private stream, and the WebSocket API.

Its models check every answer: a field of the wrong kind fails in the client.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.strangers.clients import BadRequestError, UnauthorizedError, official_sdk
from tests.strangers.venue import PATIENCE_S, Venue, eventually

BTC = "BTCUSDT"
ORDER = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "time_in_force": "GTC", "quantity": 0.01, "price": 60000.0}


@pytest.fixture
def sdk(venue: Venue) -> Any:
    return official_sdk(venue)


@pytest.fixture
def rest(sdk: Any) -> Any:
    return sdk.rest_api


@pytest.fixture
async def streams(sdk: Any) -> AsyncIterator[Any]:
    connection = await sdk.websocket_streams.create_connection()
    yield connection
    await connection.close_connection(close_session=True)


@pytest.fixture
async def ws_api(sdk: Any) -> AsyncIterator[Any]:
    connection = await sdk.websocket_api.create_connection()
    yield connection
    await connection.close_connection(close_session=True)


def test_order_lives_over_rest(rest: Any) -> None:
    placed = rest.new_order(**ORDER).data()
    assert (placed.status, placed.orig_qty, placed.price) == ("NEW", "0.010", "60000.00")
    which = {"symbol": BTC, "order_id": placed.order_id}
    amended = rest.modify_order(**which, side="BUY", quantity=0.02, price=60100.0).data()
    assert (amended.order_id, amended.orig_qty) == (placed.order_id, "0.020")
    assert rest.query_order(**which).data().price == "60100.00"
    assert [order.order_id for order in rest.current_all_open_orders(symbol=BTC).data()] == [placed.order_id]
    assert rest.cancel_order(**which).data().status == "CANCELED"
    with pytest.raises(BadRequestError, match=r"Unknown order sent\."):
        rest.cancel_order(**which)


def test_orders_are_placed_and_cancelled_by_the_batch(rest: Any) -> None:
    order = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.01", "price": "60000"}
    placed, refused = rest.place_multiple_orders(batch_orders=[order, order | {"quantity": "100000"}]).data()
    assert placed.status == "NEW"
    assert refused.code == -4005
    (cancelled,) = rest.cancel_multiple_orders(symbol=BTC, order_id_list=[placed.order_id]).data()
    assert cancelled.status == "CANCELED"


def test_conditional_order_waits_and_is_cancelled(rest: Any) -> None:
    stop = rest.new_algo_order(
        algo_type="CONDITIONAL", symbol=BTC, side="SELL", type="STOP_MARKET", trigger_price=60000.0, quantity=0.01
    ).data()
    assert stop.algo_status == "NEW"
    assert rest.query_algo_order(algo_id=stop.algo_id).data().trigger_price == "60000.00"
    assert [order.algo_id for order in rest.current_all_algo_open_orders().data()] == [stop.algo_id]
    assert rest.cancel_algo_order(algo_id=stop.algo_id).data().code == "200"


def test_position_and_account_are_models(rest: Any) -> None:
    rest.change_initial_leverage(symbol=BTC, leverage=7)
    rest.new_order(symbol=BTC, side="BUY", type="MARKET", quantity=0.01)
    (position,) = rest.position_information_v3(symbol=BTC).data()
    assert (position.position_amt, position.position_side) == ("0.010", "BOTH")
    account = rest.account_information_v3().data()
    assert [asset.asset for asset in account.assets][:1] == ["USDT"]
    (trade,) = rest.account_trade_list(symbol=BTC).data()
    assert (trade.qty, trade.maker) == ("0.010", False)


def test_wrong_orders_keys_and_clocks_are_refused(rest: Any, venue: Venue, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BadRequestError, match=r"Margin is insufficient\."):
        rest.new_order(**ORDER | {"quantity": 10})
    with pytest.raises(BadRequestError, match="Precision is over the maximum"):
        rest.new_order(**ORDER | {"price": 60000.123})
    stranger = official_sdk(venue, api_key=venue.keys.api_key[::-1])
    with pytest.raises(UnauthorizedError, match="Invalid API-key"):
        stranger.rest_api.futures_account_balance_v3()
    monkeypatch.setattr("binance_common.utils.get_timestamp", lambda: 1_700_000_000_000)
    with pytest.raises(BadRequestError, match="Timestamp for this request is outside of the recvWindow"):
        rest.futures_account_balance_v3()


Ask = Callable[[Any], Any]

QUESTIONS: dict[str, Ask] = {
    "test_connectivity": lambda ask: ask.test_connectivity(),
    "check_server_time": lambda ask: ask.check_server_time(),
    "exchange_information": lambda ask: ask.exchange_information(),
    "order_book": lambda ask: ask.order_book(symbol=BTC),
    "rpi_order_book": lambda ask: ask.rpi_order_book(symbol=BTC),
    "recent_trades_list": lambda ask: ask.recent_trades_list(symbol=BTC),
    "old_trades_lookup": lambda ask: ask.old_trades_lookup(symbol=BTC),
    "compressed_aggregate_trades_list": lambda ask: ask.compressed_aggregate_trades_list(symbol=BTC),
    "kline_candlestick_data": lambda ask: ask.kline_candlestick_data(symbol=BTC, interval="1m"),
    "mark_price": lambda ask: ask.mark_price(symbol=BTC),
    "all_mark_prices": lambda ask: ask.mark_price(),
    "get_funding_rate_history": lambda ask: ask.get_funding_rate_history(symbol=BTC),
    "get_funding_rate_info": lambda ask: ask.get_funding_rate_info(),
    "ticker24hr": lambda ask: ask.ticker24hr_price_change_statistics(symbol=BTC),
    "all_ticker24hr": lambda ask: ask.ticker24hr_price_change_statistics(),
    "symbol_price_ticker_v2": lambda ask: ask.symbol_price_ticker_v2(symbol=BTC),
    "symbol_order_book_ticker": lambda ask: ask.symbol_order_book_ticker(symbol=BTC),
    "open_interest": lambda ask: ask.open_interest(symbol=BTC),
    "query_index_price_constituents": lambda ask: ask.query_index_price_constituents(symbol=BTC),
    "asset_index": lambda ask: ask.asset_index(),
    "trading_schedule": lambda ask: ask.trading_schedule(),
    "adl_risk": lambda ask: ask.adl_risk(symbol=BTC),
    "insurance_fund": lambda ask: ask.query_insurance_fund_balance_snapshot(),
    "account_information_v2": lambda ask: ask.account_information_v2(),
    "futures_account_balance_v2": lambda ask: ask.futures_account_balance_v2(),
    "futures_account_balance_v3": lambda ask: ask.futures_account_balance_v3(),
    "futures_account_configuration": lambda ask: ask.futures_account_configuration(),
    "trading_status": lambda ask: ask.futures_trading_quantitative_rules_indicators(),
    "get_bnb_burn_status": lambda ask: ask.get_bnb_burn_status(),
    "get_current_multi_assets_mode": lambda ask: ask.get_current_multi_assets_mode(),
    "get_current_position_mode": lambda ask: ask.get_current_position_mode(),
    "get_income_history": lambda ask: ask.get_income_history(),
    "notional_and_leverage_brackets": lambda ask: ask.notional_and_leverage_brackets(),
    "one_bracket": lambda ask: ask.notional_and_leverage_brackets(symbol=BTC),
    "query_user_rate_limit": lambda ask: ask.query_user_rate_limit(),
    "symbol_configuration": lambda ask: ask.symbol_configuration(symbol=BTC),
    "user_commission_rate": lambda ask: ask.user_commission_rate(symbol=BTC),
    "position_information_v2": lambda ask: ask.position_information_v2(symbol=BTC),
    "position_adl_quantile": lambda ask: ask.position_adl_quantile_estimation(symbol=BTC),
    "margin_changes": lambda ask: ask.get_position_margin_change_history(symbol=BTC),
    "users_force_orders": lambda ask: ask.users_force_orders(),
    "test_order": lambda ask: ask.test_order(**ORDER),
    "countdown": lambda ask: ask.auto_cancel_all_open_orders(symbol=BTC, countdown_time=0),
    "listen_key": lambda ask: ask.start_user_data_stream(),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_what_is_asked_is_answered_in_its_model(rest: Any, question: str) -> None:
    assert QUESTIONS[question](rest).data() is not None


async def test_user_data_arrives_by_the_private_stream(rest: Any, streams: Any, venue: Venue) -> None:
    told: asyncio.Queue[Any] = asyncio.Queue()
    stream = await streams.user_data(rest.start_user_data_stream().data().listen_key)
    stream.on("message", told.put_nowait)
    async with asyncio.timeout(PATIENCE_S):
        await eventually(lambda: [True for frame in venue.journal(kind="frame") if '"result":null' in frame["summary"]])
        await asyncio.to_thread(rest.new_order, symbol=BTC, side="BUY", type="MARKET", quantity=0.01)
        kinds = [type((await told.get()).actual_instance).__name__ for _ in range(4)]
    assert kinds == ["TradeLite", "OrderTradeUpdate", "AccountUpdate", "OrderTradeUpdate"]


async def test_market_arrives_by_its_streams(rest: Any, streams: Any) -> None:
    told: asyncio.Queue[Any] = asyncio.Queue()
    stream = await streams.aggregate_trade_streams(symbol="btcusdt")
    stream.on("message", told.put_nowait)
    async with asyncio.timeout(PATIENCE_S):
        while told.empty():
            await asyncio.to_thread(rest.new_order, symbol=BTC, side="BUY", type="MARKET", quantity=0.123)
            await asyncio.sleep(0.05)
    trade = await told.get()
    assert (trade.s, float(trade.q) > 0) == (BTC, True)


async def test_order_lives_over_the_websocket_api(ws_api: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        placed = (await ws_api.new_order(**ORDER)).data().result
        which = {"symbol": BTC, "order_id": placed.order_id}
        assert (await ws_api.query_order(**which)).data().result.status == "NEW"
        amended = (await ws_api.modify_order(**which, side="BUY", quantity=0.02, price=60100.0)).data().result
        assert amended.orig_qty == "0.020"
        cancelled = await ws_api.cancel_order(**which)
        assert cancelled.data().result.status == "CANCELED"
        refused = await ws_api.cancel_order(**which)
        assert refused.data() == {"error": {"code": -2011, "msg": "Unknown order sent."}}


async def test_account_and_market_are_asked_over_the_websocket_api(ws_api: Any) -> None:
    async with asyncio.timeout(PATIENCE_S):
        assert (await ws_api.futures_account_balance_v2()).data().result[0].asset == "USDT"
        assert (await ws_api.account_information_v2()).data().result.total_wallet_balance == "10000.00000000"
        assert (await ws_api.symbol_order_book_ticker(symbol=BTC)).data().actual_instance.result.symbol == BTC
        assert len((await ws_api.order_book(symbol=BTC, limit=20)).data().result.additional_properties["bids"]) == 20
