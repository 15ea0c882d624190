"""How each sample of a market stream's frame is produced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.contract.conformance.bench import Bench
from tests.contract.conformance.case import Case

__all__ = ["CASES"]

NO_FUNDING: Final = 'what is delivered pays no funding: "" and 0, as for COIN-M\'s delivery contracts'


def flows(stream: str, **terms: Any) -> Case:
    """Return the case of a stream on which something comes while prices move and orders are traded.

    The sample's numbers on a book ticker are Spot's, with 8 decimals: no more than composed.
    """

    async def produce(bench: Bench) -> Any:
        socket = await bench.market(stream)
        for price in ("65010", "65000.5"):
            await bench.order()
            bench.simulator.set_price("BTCUSDT", price)
        return await socket.read()

    return Case(produce=produce, **terms)


def liquidations(stream: str) -> Case:
    """Return the case of a stream that tells liquidations."""

    async def produce(bench: Bench) -> Any:
        socket = await bench.market(stream)
        await bench.order()
        bench.simulator.liquidate("BTCUSDT")
        return await socket.read()

    return Case(produce=produce)


async def contracts(bench: Bench) -> Any:
    socket = await bench.market("!contractInfo")
    bench.simulator.set_status("BTCUSDT", "TRADING_HALT")
    return await socket.read()


CASES: Final[Mapping[str, Case]] = {
    "market/aggregate_trade_streams": flows("btcusdt@aggTrade"),
    "market/all_book_tickers_stream": flows("!bookTicker", trust="composed"),
    "market/individual_symbol_book_ticker_streams": flows("btcusdt@bookTicker", trust="composed"),
    "market/all_market_liquidation_order_streams": liquidations("!forceOrder@arr"),
    "market/liquidation_order_streams": liquidations("btcusdt@forceOrder"),
    "market/all_market_mini_tickers_stream": flows("!miniTicker@arr"),
    "market/individual_symbol_mini_ticker_stream": flows("btcusdt@miniTicker"),
    "market/all_market_tickers_streams": flows("!ticker@arr"),
    "market/individual_symbol_ticker_streams": flows("btcusdt@ticker"),
    "market/asset_index": flows("!assetIndex@arr"),
    "market/composite_index_symbol_information_streams": flows("btcdomusdt@compositeIndex"),
    "market/continuous_contract_kline_candlestick_streams": flows("btcusdt_perpetual@continuousKline_1m"),
    "market/kline_candlestick_streams": flows("btcusdt@kline_1m"),
    "market/contract_info_stream": Case(produce=contracts),
    "market/diff_book_depth_streams": flows("btcusdt@depth"),
    "market/partial_book_depth_streams": flows("btcusdt@depth5"),
    "market/rpi_diff_book_depth_streams": flows("btcusdt@rpiDepth@500ms"),
    "market/mark_price_stream": flows("btcusdt@markPrice@1s"),
    "market/mark_price_stream_for_all_market": flows(
        "!markPrice@arr@1s", but=dict.fromkeys(["[].r", "[].T"], NO_FUNDING)
    ),
    "market/trading_session_stream": flows("tradingSession"),
}
