"""How each sample of a user stream's event is produced. What the simulator never sends has to decode, at least."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from simulator import Profile
from tests.contract.conformance.bench import Bench
from tests.contract.conformance.case import Case

__all__ = ["CASES"]

ORDER: Final = "ORDER_TRADE_UPDATE"
WRITTEN_IN_2024: Final = "in 2024 prices were padded here; captured in 2026, they are trimmed"
YOUNGER: Final = "the key is younger than the capture"
SINCE_2023: Final = {"o.pm": YOUNGER, "o.gtd": YOUNGER, "o.er": YOUNGER}
FIXTURES: Final = {"profile": Profile(forced_orders="fixtures")}


def order_event(act: Callable[[Bench], Awaitable[object]], **content: object) -> Callable[[Bench], Awaitable[Any]]:
    """Return what lets something happen, and takes the ORDER_TRADE_UPDATE with this content."""

    async def produce(bench: Bench) -> Any:
        await bench.listen()
        await act(bench)
        return await bench.event(ORDER, **content)

    return produce


async def rest(bench: Bench) -> None:
    await bench.order(price="64000.1", newClientOrderId="mine")


async def buy(bench: Bench) -> None:
    await bench.order()


async def fill(bench: Bench) -> None:
    await rest(bench)
    bench.simulator.fill("mine", "0.004")
    bench.simulator.fill("mine", "0.006")


async def cancel(bench: Bench) -> None:
    await rest(bench)
    await bench.ask("DELETE order", symbol="BTCUSDT", origClientOrderId="mine")


async def amend(bench: Bench) -> None:
    await rest(bench)
    change = {"side": "BUY", "quantity": "0.020", "price": "64000", "modifyId": "44444"}
    await bench.ask("PUT order", symbol="BTCUSDT", origClientOrderId="mine", **change)


async def good_till(bench: Bench) -> None:
    end_ms = (bench.simulator.time_ms // 1000 + 3600) * 1000
    await bench.order(price="64000", timeInForce="GTD", goodTillDate=end_ms)


async def immediate(bench: Bench) -> None:
    await bench.order(price="64000", timeInForce="IOC")


async def self_trade(bench: Bench) -> None:
    await rest(bench)
    bench.simulator.expire("mine", reason="1", status="EXPIRED_IN_MATCH")


def forced(kind: str, side: str = "BUY", number: int = -1) -> Callable[[Bench], Awaitable[Any]]:
    """Return what closes a position by force, and takes the first or the last frame of the order that did it."""

    async def produce(bench: Bench) -> Any:
        await bench.order(side)
        await bench.listen()
        getattr(bench.simulator, kind)("BTCUSDT")
        frames = [await bench.event(ORDER)]
        while number and frames[-1]["o"]["l"] == "0":
            frames.append(await bench.event(ORDER))
        return frames[number]

    return produce


def told(name: str, act: Callable[[Bench], Awaitable[object]]) -> Callable[[Bench], Awaitable[Any]]:
    """Return what opens a position, lets something happen then, and takes the event with this name."""

    async def produce(bench: Bench) -> Any:
        await bench.order(quantity="0.002")
        await bench.listen()
        await act(bench)
        return await bench.event(name)

    return produce


async def fund(bench: Bench) -> None:
    bench.simulator.funding("BTCUSDT", "0.0001")


async def fund_isolated(bench: Bench) -> Any:
    await bench.ask("POST marginType", symbol="BTCUSDT", marginType="ISOLATED")
    await bench.order()
    await bench.listen()
    bench.simulator.funding("BTCUSDT", "0.0001")
    return await bench.event("ACCOUNT_UPDATE")


def deposit(reason: str, amount: str) -> Callable[[Bench], Awaitable[Any]]:
    """Return what changes the wallet, and takes the ACCOUNT_UPDATE."""

    async def produce(bench: Bench) -> Any:
        await bench.listen()
        bench.simulator.transfer("USDT", amount, reason=reason)
        return await bench.event("ACCOUNT_UPDATE")

    return produce


async def wrapped_deposit(bench: Bench) -> Any:
    stream = await bench.wire.connect(f"/private/stream?listenKey={await bench.wire.listen_key()}")
    bench.simulator.transfer("USDT", "787", reason="DEPOSIT")
    return await stream.read()


async def hedged(bench: Bench) -> Any:
    await bench.ask("POST positionSide/dual", dualSidePosition="true")
    await bench.ask("POST marginType", symbol="BTCUSDT", marginType="ISOLATED")
    await bench.order("BUY", positionSide="LONG")
    await bench.listen()
    await bench.order("SELL", positionSide="SHORT")
    return await bench.event("ACCOUNT_UPDATE")


async def leverage(bench: Bench) -> None:
    await bench.ask("POST leverage", symbol="BTCUSDT", leverage="25")


async def multi_assets(bench: Bench) -> None:
    await bench.ask("POST multiAssetsMargin", multiAssetsMargin="true")


async def margin_call(bench: Bench) -> None:
    bench.simulator.margin_call("BTCUSDT")


async def expired_key(bench: Bench) -> Any:
    await bench.listen()
    bench.simulator.expire_listen_key()
    return await bench.event("listenKeyExpired")


async def closing_stop(bench: Bench) -> Any:
    await bench.order()
    await bench.listen()
    terms = {"closePosition": "true", "priceProtect": "true", "workingType": "MARK_PRICE", "triggerPrice": "60000.55"}
    await bench.algo("STOP_MARKET", **terms)
    return await bench.event("ALGO_UPDATE")


async def cancelled_algo(bench: Bench) -> Any:
    await bench.order()
    await bench.algo("TAKE_PROFIT", triggerPrice="67000", price="67000", quantity="0.010", clientAlgoId="mine")
    await bench.listen()
    bench.simulator.end_algo("mine", "CANCELED", reason="Reduce Only reject")
    return await bench.event("ALGO_UPDATE")


async def strategy(bench: Bench) -> Any:
    await bench.listen()
    bench.simulator.update_strategy("BTCUSDT", strategy_id=176054594)
    return await bench.event("STRATEGY_UPDATE")


async def grid(bench: Bench) -> Any:
    await bench.listen()
    terms = {"realized": "-0.00300716", "unmatched_price": "16720", "unmatched_quantity": "-0.001"}
    bench.simulator.update_grid("BTCUSDT", strategy_id=176057039, unmatched_fee="-0.00300716", **terms)
    return await bench.event("GRID_UPDATE")


async def refused_child(bench: Bench) -> Any:
    await bench.algo("STOP_MARKET", "BUY", triggerPrice="66000", quantity="0.010", clientAlgoId="mine")
    await bench.listen()
    bench.simulator.end_algo("mine", "REJECTED", reason="the FOK order has been rejected")
    return await bench.event("CONDITIONAL_ORDER_TRIGGER_REJECT")


async def triggered(bench: Bench) -> Any:
    terms = {"triggerPrice": "66000.5", "quantity": "0.010"}
    await bench.algo("STOP_MARKET", "BUY", **terms)
    await bench.listen()
    bench.simulator.set_price("BTCUSDT", "66001.5")
    return [await bench.event("ALGO_UPDATE") for _ in range(3)]


def sequence(
    act: Callable[[Bench], Awaitable[object]], count: int, leaving: str = ""
) -> Callable[[Bench], Awaitable[Any]]:
    """Return what lets something happen, and takes so many frames of it, as they come, without those of one name."""

    async def produce(bench: Bench) -> Any:
        await bench.listen()
        await act(bench)
        frames = [await bench.event() for _ in range(count)]
        return [frame for frame in frames if frame["e"] != leaving]

    return produce


async def close(bench: Bench) -> None:
    await bench.order("SELL", reduceOnly="true")


async def closing_sequence(bench: Bench) -> Any:
    await bench.order()
    return await sequence(close, 4)(bench)


async def crossing_limit(bench: Bench) -> None:
    await bench.order(price="65000.10")


async def rest_and_fill(bench: Bench) -> None:
    await rest(bench)
    bench.simulator.fill("mine", "0.010")


async def lite(bench: Bench) -> Any:
    await bench.listen()
    await bench.order(symbol="SOLUSDT", quantity="0.1")
    return await bench.event("TRADE_LITE")


async def subscriptions(bench: Bench) -> Any:
    names = "ACCOUNT_UPDATE/MARGIN_CALL/ORDER_TRADE_UPDATE/TRADE_LITE"
    stream = await bench.wire.connect(f"/private/ws?listenKey={await bench.wire.listen_key()}&events={names}")
    return await stream.ask(method="LIST_SUBSCRIPTIONS", id=1)


CASES: Final[Mapping[str, Case]] = {
    "events/order_trade_update_new_limit_live_2026": Case(produce=order_event(rest, x="NEW")),
    "events/order_trade_update_new_market_live": Case(produce=order_event(buy, x="NEW")),
    "events/order_trade_update_partial": Case(produce=order_event(fill, X="PARTIALLY_FILLED")),
    "events/order_trade_update_filled": Case(produce=order_event(fill, X="FILLED")),
    "events/order_trade_update_canceled": Case(produce=order_event(cancel, X="CANCELED")),
    "events/order_trade_update_amendment": Case(produce=order_event(amend, x="AMENDMENT")),
    "events/order_trade_update_gtd": Case(produce=order_event(good_till, x="NEW")),
    "events/order_trade_update_expired_ioc": Case(produce=order_event(immediate, X="EXPIRED")),
    "events/order_trade_update_expired_in_match_stp": Case(produce=order_event(self_trade, X="EXPIRED_IN_MATCH")),
    "events/order_trade_update_liquidation_new": Case(produce=forced("liquidate", number=0)),
    "events/order_trade_update_liquidation": Case(produce=forced("liquidate")),
    "events/order_trade_update_adl": Case(produce=forced("adl", "SELL")),
    "events/order_trade_update_settlement": Case(produce=forced("settle")),
    "events/order_trade_update_adl_nautilus_variant": Case(
        produce=forced("adl", "SELL"), terms=FIXTURES, leaving_out=("AP", "cr"), but=SINCE_2023
    ),
    "events/order_trade_update_settlement_nautilus_variant": Case(
        produce=forced("settle"), terms=FIXTURES, leaving_out=("AP", "cr"), but=SINCE_2023
    ),
    "events/trade_lite_live": Case(produce=lite),
    "events/account_update_order_live": Case(produce=told("ACCOUNT_UPDATE", buy)),
    "events/account_update_docs": Case(
        produce=hedged, but=dict.fromkeys(["a.P[].ma", "a.P[]"], "`ma` is captured since 2022, and missing in the docs")
    ),
    "events/account_update_funding_cross": Case(produce=told("ACCOUNT_UPDATE", fund)),
    "events/account_update_funding_isolated": Case(produce=fund_isolated),
    "events/account_update_deposit_live": Case(produce=wrapped_deposit),
    "events/account_update_admin_deposit_rebate": Case(produce=deposit("ADMIN_DEPOSIT", "0.00258637")),
    "events/account_config_update_leverage": Case(produce=told("ACCOUNT_CONFIG_UPDATE", leverage)),
    "events/account_config_update_multiassets": Case(produce=told("ACCOUNT_CONFIG_UPDATE", multi_assets)),
    "events/margin_call": Case(produce=told("MARGIN_CALL", margin_call)),
    "events/listen_key_expired": Case(produce=expired_key),
    "events/algo_update_new_closeposition_testnet": Case(produce=closing_stop),
    "events/algo_update_docs_canceled": Case(produce=cancelled_algo),
    "events/conditional_order_trigger_reject": Case(
        produce=refused_child, terms={"profile": Profile(trigger_rejections="both")}
    ),
    "events/strategy_update": Case(produce=strategy),
    "events/grid_update": Case(produce=grid),
    "events/sequence_algo_stop_market_trigger_live": Case(
        produce=triggered, but={f"{number}.o.ia": YOUNGER for number in range(3)}
    ),
    "events/sequence_market_close_live_2024": Case(
        produce=closing_sequence, but={"1.o.er": YOUNGER, "3.o.er": YOUNGER, "3.o.L": WRITTEN_IN_2024}
    ),
    "events/sequence_taker_limit_open_live_2024": Case(
        produce=sequence(crossing_limit, 4),
        but={
            "1.o.er": YOUNGER,
            "3.o.er": YOUNGER,
            "1.o.p": WRITTEN_IN_2024,
            "3.o.p": WRITTEN_IN_2024,
            "3.o.L": WRITTEN_IN_2024,
        },
    ),
    "events/sequence_maker_fill_live_2022_pre_trade_lite": Case(
        produce=sequence(rest_and_fill, 4, "TRADE_LITE"),
        but={f"{number}.o.{key}": YOUNGER for number in (0, 2) for key in ("V", "pm", "gtd", "er")}
        | dict.fromkeys(["0.o.n", "0.o.N", "1.a.P[].bep", "1.a.P[]"], YOUNGER)
        | {"1.a.P[].ep": "in 2022 the entry price was padded; captured since, it is trimmed"},
    ),
    "events/list_subscriptions_reply_private": Case(produce=subscriptions),
}
