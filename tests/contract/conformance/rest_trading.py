"""How each sample of a REST endpoint that places, changes, cancels and reports orders is produced."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tests.contract.conformance.bench import Bench
from tests.contract.conformance.case import Case

__all__ = ["CASES"]

TRAILING: Final = ("activatePrice", "priceRate")
"""Only trailing stops have them, which the samples happen to be; they are algo orders now."""
NAMED: Final = {"symbol": "BTCUSDT", "origClientOrderId": "mine"}
LIMIT: Final = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.010"}
TAKE_PROFIT: Final = {"triggerPrice": "67000", "price": "67000", "quantity": "0.010"}


async def resting(bench: Bench) -> None:
    await bench.order(price="64000", newClientOrderId="mine")


async def new_order(bench: Bench) -> Any:
    good_till = (bench.simulator.time_ms // 1000 + 3600) * 1000
    return await bench.order(price="64000", timeInForce="GTD", goodTillDate=good_till)


async def test_order(bench: Bench) -> Any:
    good_till = (bench.simulator.time_ms // 1000 + 3600) * 1000
    return await bench.ask(
        "POST order/test", **LIMIT | {"timeInForce": "GTD", "goodTillDate": good_till}, price="64000"
    )


async def amended(bench: Bench) -> Any:
    await resting(bench)
    return await bench.ask("PUT order", **NAMED, side="BUY", quantity="0.020", price="64000", modifyId="1")


async def cancelled(bench: Bench) -> Any:
    await resting(bench)
    return await bench.ask("DELETE order", **NAMED)


def after_resting(request: str, **params: object) -> Case:
    """Return the case of a question about a resting order."""

    async def produce(bench: Bench) -> Any:
        await resting(bench)
        return await bench.ask(request, **params)

    return Case(produce=produce, leaving_out=TRAILING)


async def trades(bench: Bench) -> Any:
    await bench.order()
    await bench.order("SELL")
    return await bench.ask("GET userTrades", symbol="BTCUSDT")


def packed(items: Sequence[object]) -> str:
    """Return a list as a parameter: JSON without spaces."""
    return json.dumps(items, separators=(",", ":"))


async def placed_together(bench: Bench) -> Any:
    good_till = (bench.simulator.time_ms // 1000 + 3600) * 1000
    first = LIMIT | {"price": "64000", "timeInForce": "GTD", "goodTillDate": good_till}
    orders = [first, LIMIT | {"side": "SELL", "price": "70000", "reduceOnly": "true"}]
    return await bench.ask("POST batchOrders", batchOrders=packed(orders))


async def amended_together(bench: Bench) -> Any:
    await resting(bench)
    change = {"symbol": "BTCUSDT", "side": "BUY", "quantity": "0.020", "price": "63000"}
    changes = [change | {"origClientOrderId": "mine", "modifyId": 1}, change | {"origClientOrderId": "nobody's"}]
    return await bench.ask("PUT batchOrders", batchOrders=packed(changes))


async def cancelled_together(bench: Bench) -> Any:
    await resting(bench)
    return await bench.ask("DELETE batchOrders", symbol="BTCUSDT", origClientOrderIdList='["mine","nobodys"]')


async def amendments(bench: Bench) -> Any:
    await amended(bench)
    return await bench.ask("GET orderAmendment", **NAMED)


async def forced(bench: Bench) -> Any:
    await bench.order()
    bench.simulator.liquidate("BTCUSDT")
    return await bench.ask("GET forceOrders")


async def take_profit(bench: Bench) -> Any:
    await bench.order()
    return await bench.algo("TAKE_PROFIT", **TAKE_PROFIT, clientAlgoId="mine")


def after_take_profit(request: str, **params: object) -> Case:
    """Return the case of a question about a conditional order that waits."""

    async def produce(bench: Bench) -> Any:
        await take_profit(bench)
        return await bench.ask(request, **params)

    return Case(produce=produce)


async def queried_algo(bench: Bench) -> Any:
    await take_profit(bench)
    await bench.ask("DELETE algoOrder", clientAlgoId="mine")
    return await bench.ask("GET algoOrder", clientAlgoId="mine")


CASES: Final[Mapping[str, Case]] = {
    "rest/new_order": Case(produce=new_order),
    "rest/test_order": Case(produce=test_order, leaving_out=TRAILING),
    "rest/modify_order": Case(produce=amended),
    "rest/cancel_order": Case(produce=cancelled, leaving_out=TRAILING),
    "rest/query_order": after_resting("GET order", **NAMED),
    "rest/query_current_open_order": after_resting("GET openOrder", **NAMED),
    "rest/current_all_open_orders": after_resting("GET openOrders"),
    "rest/all_orders": after_resting("GET allOrders", symbol="BTCUSDT"),
    "rest/cancel_all_open_orders": after_resting("DELETE allOpenOrders", symbol="BTCUSDT"),
    "rest/auto_cancel_all_open_orders": after_resting(
        "POST countdownCancelAll", symbol="BTCUSDT", countdownTime="100000"
    ),
    "rest/account_trade_list": Case(produce=trades),
    "rest/place_multiple_orders": Case(produce=placed_together),
    "rest/modify_multiple_orders": Case(
        produce=amended_together,
        but=dict.fromkeys(["[].code", "[].msg"], "the sample shows another refusal, of an order that is not amended"),
    ),
    "rest/cancel_multiple_orders": Case(produce=cancelled_together, leaving_out=TRAILING),
    "rest/get_order_modify_history": Case(produce=amendments),
    "rest/users_force_orders": Case(produce=forced),
    "rest/new_algo_order": Case(produce=take_profit),
    "rest/cancel_algo_order": after_take_profit("DELETE algoOrder", clientAlgoId="mine"),
    "rest/query_algo_order": Case(produce=queried_algo),
    "rest/current_all_algo_open_orders": after_take_profit("GET openAlgoOrders"),
    "rest/query_all_algo_orders": after_take_profit("GET allAlgoOrders", symbol="BTCUSDT"),
    "rest/cancel_all_algo_open_orders": after_take_profit("DELETE algoOpenOrders", symbol="BTCUSDT"),
}
