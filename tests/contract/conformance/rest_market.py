"""How each sample of a public REST endpoint, about the market, is produced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.contract.conformance.bench import Bench
from tests.contract.conformance.case import Case

__all__ = ["CASES"]

BITCOIN: Final = {"symbol": "BTCUSDT"}


def asks(request: str, **params: object) -> Case:
    """Return the case of a market in which an hour has passed and something was traded."""

    async def produce(bench: Bench) -> Any:
        await traded(bench)
        return await bench.ask(request, **params)

    return Case(produce=produce)


def unlike_spot(request: str, **params: object) -> Case:
    """Return the same where the sample's numbers are Spot's, with 8 decimals; futures have their symbol's."""
    return Case(produce=asks(request, **params).produce, trust="composed")


async def traded(bench: Bench) -> None:
    await bench.order()
    bench.simulator.set_price("BTCUSDT", "65010")
    await bench.order("SELL", quantity="0.004")


CASES: Final[Mapping[str, Case]] = {
    "rest/ping": asks("GET ping"),
    "rest/check_server_time": asks("GET time"),
    "rest/exchange_information": asks("GET exchangeInfo"),
    "rest/order_book": unlike_spot("GET depth", **BITCOIN),
    "rest/rpi_order_book": unlike_spot("GET rpiDepth", **BITCOIN),
    "rest/recent_trades_list": unlike_spot("GET trades", **BITCOIN),
    "rest/old_trades_lookup": unlike_spot("GET historicalTrades", **BITCOIN),
    "rest/compressed_aggregate_trades_list": unlike_spot("GET aggTrades", **BITCOIN),
    "rest/kline_candlestick_data": unlike_spot("GET klines", **BITCOIN, interval="1m"),
    "rest/continuous_contract_kline_candlestick_data": unlike_spot(
        "GET continuousKlines", pair="BTCUSDT", contractType="PERPETUAL", interval="1m"
    ),
    "rest/index_price_kline_candlestick_data": asks("GET indexPriceKlines", pair="BTCUSDT", interval="1m"),
    "rest/mark_price_kline_candlestick_data": asks("GET markPriceKlines", **BITCOIN, interval="1m"),
    "rest/premium_index_kline_data": asks("GET premiumIndexKlines", **BITCOIN, interval="1m"),
    "rest/mark_price": asks("GET premiumIndex", **BITCOIN),
    "rest/get_funding_rate_history": asks("GET fundingRate", **BITCOIN),
    "rest/get_funding_rate_info": asks("GET fundingInfo"),
    "rest/ticker24hr_price_change_statistics": unlike_spot("GET ticker/24hr", **BITCOIN),
    "rest/symbol_price_ticker": asks("GET ticker/price", **BITCOIN),
    "rest/symbol_price_ticker_v2": asks("GET /fapi/v2/ticker/price", **BITCOIN),
    "rest/symbol_order_book_ticker": unlike_spot("GET ticker/bookTicker", **BITCOIN),
    "rest/open_interest": asks("GET openInterest", **BITCOIN),
    "rest/taker_buy_sell_volume": asks("GET /futures/data/takerlongshortRatio", **BITCOIN, period="5m"),
    "rest/open_interest_statistics": asks("GET /futures/data/openInterestHist", **BITCOIN, period="5m"),
    "rest/quarterly_contract_settlement_price": Case(
        produce=asks("GET /futures/data/delivery-price", pair="BTCUSDT").produce,
        but={"[].deliveryPrice": "an average of index prices is seldom a whole number"},
    ),
    "rest/basis": asks("GET /futures/data/basis", pair="BTCUSDT", contractType="PERPETUAL", period="5m"),
    "rest/composite_index_symbol_information": asks("GET indexInfo"),
    "rest/asset_index": asks("GET assetIndex", symbol="BTCUSD"),
    "rest/query_index_price_constituents": asks("GET constituents", **BITCOIN),
    "rest/query_insurance_fund_balance_snapshot": asks("GET insuranceBalance", **BITCOIN),
    "rest/adl_risk": asks("GET symbolAdlRisk", **BITCOIN),
    "rest/trading_schedule": asks("GET tradingSchedule"),
}
