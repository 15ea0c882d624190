"""How each sample of a REST endpoint about the account, its positions, settings and history is produced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator import AccountSpec
from tests.contract.conformance.bench import Bench
from tests.contract.conformance.case import Case

__all__ = ["CASES"]


def asks(request: str, **params: object) -> Case:
    """Return the case of an account with positions in bitcoin and ether, an open order and a listen key."""

    async def produce(bench: Bench) -> Any:
        await trading(bench)
        return await bench.ask(request, **params)

    return Case(produce=produce)


async def trading(bench: Bench) -> None:
    await bench.ask("POST marginType", symbol="ETHUSDT", marginType="ISOLATED")
    await bench.order()
    await bench.order(symbol="ETHUSDT", quantity="1")
    await bench.order(price="64000")
    await bench.wire.listen_key()


def fresh(request: str, **params: object) -> Case:
    """Return the case of an account that has done nothing yet."""

    async def produce(bench: Bench) -> Any:
        return await bench.ask(request, **params)

    return Case(produce=produce)


async def incomes(bench: Bench) -> Any:
    await trading(bench)
    bench.simulator.transfer("USDT", "-0.375", reason="WITHDRAW")
    bench.simulator.funding("BTCUSDT", "0.0001")
    return await bench.ask("GET income")


async def margin_changes(bench: Bench) -> Any:
    await trading(bench)
    await bench.ask("POST positionMargin", symbol="ETHUSDT", amount="10", type="1")
    return await bench.ask("GET positionMargin/history", symbol="ETHUSDT")


def download(kind: str) -> Case:
    """Return the case of a file's id, which is asked for with the times that it covers."""

    async def produce(bench: Bench) -> Any:
        now_ms = bench.simulator.time_ms
        return await bench.ask(f"GET {kind}/asyn", startTime=now_ms - 86_400_000, endTime=now_ms)

    return Case(produce=produce)


def link(kind: str) -> Case:
    """Return the case of the link that an id leads to."""

    async def produce(bench: Bench) -> Any:
        now_ms = bench.simulator.time_ms
        asked = await bench.ask(f"GET {kind}/asyn", startTime=now_ms - 86_400_000, endTime=now_ms)
        return await bench.ask(f"GET {kind}/asyn/id", downloadId=asked["downloadId"])

    return Case(
        produce=produce, but={"expirationTimestamp": "-1 until the file is ready, as one of the samples has it"}
    )


BITCOIN: Final = {"accounts": (AccountSpec(balances={"BTC": "1"}),)}


async def quote(bench: Bench) -> Any:
    return await bench.ask("POST convert/getQuote", fromAsset="BTC", toAsset="USDT", toAmount="20")


async def accepted(bench: Bench) -> Any:
    quoted = await quote(bench)
    return await bench.ask("POST convert/acceptQuote", quoteId=quoted["quoteId"])


async def converted(bench: Bench) -> Any:
    order = await accepted(bench)
    return await bench.ask("GET convert/orderStatus", orderId=order["orderId"])


CASES: Final[Mapping[str, Case]] = {
    "rest/start_user_data_stream": asks("POST listenKey"),
    "rest/keepalive_user_data_stream": asks("PUT listenKey"),
    "rest/close_user_data_stream": asks("DELETE listenKey"),
    "rest/account_information_v2": asks("GET /fapi/v2/account"),
    "rest/account_information_v3": asks("GET /fapi/v3/account"),
    "rest/futures_account_balance_v2": asks("GET /fapi/v2/balance"),
    "rest/futures_account_balance_v3": asks("GET /fapi/v3/balance"),
    "rest/position_information_v2": asks("GET /fapi/v2/positionRisk"),
    "rest/position_information_v3": asks("GET /fapi/v3/positionRisk"),
    "rest/futures_account_configuration": asks("GET accountConfig"),
    "rest/symbol_configuration": asks("GET symbolConfig"),
    "rest/user_commission_rate": asks("GET commissionRate", symbol="BTCUSDT"),
    "rest/notional_and_leverage_brackets": asks("GET leverageBracket"),
    "rest/get_income_history": Case(produce=incomes),
    "rest/get_current_position_mode": fresh("GET positionSide/dual"),
    "rest/change_position_mode": fresh("POST positionSide/dual", dualSidePosition="true"),
    "rest/get_current_multi_assets_mode": fresh("GET multiAssetsMargin"),
    "rest/change_multi_assets_mode": fresh("POST multiAssetsMargin", multiAssetsMargin="true"),
    "rest/change_initial_leverage": fresh("POST leverage", symbol="BTCUSDT", leverage="21"),
    "rest/change_margin_type": fresh("POST marginType", symbol="BTCUSDT", marginType="ISOLATED"),
    "rest/modify_isolated_position_margin": asks("POST positionMargin", symbol="ETHUSDT", amount="100", type="1"),
    "rest/get_position_margin_change_history": Case(produce=margin_changes),
    "rest/query_user_rate_limit": fresh("GET rateLimit/order"),
    "rest/futures_trading_quantitative_rules_indicators": Case(
        produce=asks("GET apiTradingStatus").produce,
        but={"indicators.*[].plannedRecoverTime": "nobody is locked here, so nobody recovers"},
    ),
    "rest/position_adl_quantile_estimation": asks("GET adlQuantile"),
    "rest/get_bnb_burn_status": fresh("GET feeBurn"),
    "rest/toggle_bnb_burn_on_futures_trade": fresh("POST feeBurn", feeBurn="true"),
    "rest/list_all_convert_pairs": fresh("GET convert/exchangeInfo", fromAsset="BTC", toAsset="USDT"),
    "rest/send_quote_request": Case(produce=quote, terms=BITCOIN),
    "rest/accept_the_offered_quote": Case(produce=accepted, terms=BITCOIN),
    "rest/order_status": Case(produce=converted, terms=BITCOIN),
    "rest/futures_tradfi_perps_contract": fresh("POST stock/contract"),
    "rest/classic_portfolio_margin_account_information": fresh("GET pmAccountInfo", asset="USDT"),
    "rest/get_download_id_for_futures_transaction_history": download("income"),
    "rest/get_download_id_for_futures_order_history": download("order"),
    "rest/get_download_id_for_futures_trade_history": download("trade"),
    "rest/get_futures_transaction_history_download_link_by_id": link("income"),
    "rest/get_futures_order_history_download_link_by_id": Case(produce=link("order").produce),
    "rest/get_futures_trade_download_link_by_id": link("trade"),
}
