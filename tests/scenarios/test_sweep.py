"""What happened in a gap to orders of others, on symbols that nobody named: rules 15 and 18; and row 17."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import Respond
from simulator.core.faults.rule import Installed
from simulator.core.risk.forced import Told
from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from user_stream import Settings
from user_stream.core.lifecycle import GapRepaired
from user_stream.core.repair_report import Origin

OTHER = "ETHUSDT"
UNKNOWN_PATH = Respond(404, body="<html>404 Not found</html>")
A_WHILE_S = 300


async def an_order_that_we_never_heard_of(desk: Desk) -> Installed:
    """Rest an order of another client on a symbol that we never touch; while the rule lasts, no list shows it."""
    unlisted = desk.sim.on_request("GET", "/fapi/v1/openOrders", Respond(200, body=[]), times=None)
    desk.sim.place_external(
        symbol=OTHER, side="BUY", type="LIMIT", quantity="2", price="3000", client_order_id="web_old"
    )
    await asyncio.sleep(5)
    return unlisted


async def recover(desk: Desk) -> None:
    await desk.until_live(after_epoch=desk.epoch or 1)


def origins(desk: Desk, client_order_id: str) -> set[Origin]:
    """Return which answers told of an order, by the reports."""
    orders = [order for notice in desk.notices(GapRepaired) for order in notice.report.orders]
    return {order.origin for order in orders if order.client_order_id == client_order_id}


async def test_old_order_of_another_client_on_a_symbol_never_touched_that_filled_inside_the_gap() -> None:
    """Rule 15: it is in no list of open or new orders; the position's time names its symbol, a trade its id."""
    async with open_desk() as desk:
        unlisted = await an_order_that_we_never_heard_of(desk)
        async with desk.service:
            await asyncio.sleep(A_WHILE_S)
            unlisted.cancel()
            assert desk.orders.deliveries == []

            desk.sim.cut_connections()
            desk.sim.fill("web_old", "0.5")
            desk.sim.fill("web_old", "1.5")
            await recover(desk)

            told = [(data["last_filled_qty"], data["order_status"], data["source"]) for data in desk.orders.deliveries]
            assert [(Decimal(quantity), *rest) for quantity, *rest in told] == [
                (Decimal("0.5"), "PARTIALLY_FILLED", "rest"),
                (Decimal("1.5"), "FILLED", "rest"),
            ]
            assert origins(desk, "web_old") == {"order"}
            await desk.is_square()


async def test_old_order_of_another_client_that_filled_in_part_and_was_cancelled_inside_the_gap() -> None:
    async with open_desk() as desk:
        unlisted = await an_order_that_we_never_heard_of(desk)
        async with desk.service:
            await asyncio.sleep(A_WHILE_S)
            unlisted.cancel()

            desk.sim.cut_connections()
            desk.sim.fill("web_old", "0.5")
            desk.sim.cancel("web_old")
            await recover(desk)

            told = [(Decimal(data["last_filled_qty"]), data["order_status"]) for data in desk.orders.deliveries]
            assert told == [(Decimal("0.5"), "PARTIALLY_FILLED"), (Decimal(0), "CANCELED")]
            await desk.is_square()


async def test_round_trip_on_a_symbol_never_touched_that_left_no_position_is_named_by_its_income() -> None:
    """Rule 15: the position is closed, and positionRisk lists only open ones; the trades' commissions are booked."""
    async with open_desk() as desk:
        unlisted = await an_order_that_we_never_heard_of(desk)
        async with desk.service:
            await asyncio.sleep(A_WHILE_S)
            unlisted.cancel()

            desk.sim.cut_connections()
            desk.sim.fill("web_old", "2")
            desk.sim.place_external(symbol=OTHER, side="SELL", type="MARKET", quantity="2", client_order_id="web_out")
            desk.sim.on_request("GET", "/fapi/v1/allOrders", Respond(200, body=[]), times=None)
            await recover(desk)

            told = {data["client_order_id"]: data["order_status"] for data in desk.orders.deliveries}
            assert told == {"web_old": "FILLED", "web_out": "FILLED"}
            assert desk.book.positions == {}


async def test_exchange_that_refuses_to_tell_income_and_modes_is_asked_for_what_else_there_is() -> None:
    async with live_desk() as desk:
        await desk.resting("mine")
        for path in ("/fapi/v1/income", "/fapi/v1/accountConfig"):
            desk.sim.on_request("GET", path, UNKNOWN_PATH, times=None)
        desk.sim.cut_connections()
        desk.sim.fill("mine", "0.010")
        desk.sim.place_external(symbol=OTHER, side="BUY", type="MARKET", quantity="1", client_order_id="web_new")
        await recover(desk)

        assert desk.orders.told("web_new")[-1] == ("FILLED", "1.000", "rest")
        await desk.is_square()


async def test_fill_that_rest_lists_before_its_orders_row_knows_it_is_told_at_once() -> None:
    """Row 6: the trades come from a fresh database, the orders from one that lags."""
    async with live_desk() as desk:
        await desk.resting("lagging")
        await asyncio.sleep(60)
        desk.sim.rest_lag(paths={f"/fapi/v1/{name}": 20 for name in ("order", "openOrders", "allOrders")})
        desk.sim.cut_connections()
        desk.sim.fill("lagging", "0.004")
        await recover(desk)

        assert desk.orders.told("lagging")[-1] == ("PARTIALLY_FILLED", "0.004", "rest")


async def test_many_orders_that_filled_inside_the_gap_are_read_with_few_questions() -> None:
    """Their trades are in their symbol's list, so no order is asked for its own."""
    async with live_desk() as desk:
        desk.sim.cut_connections()
        for number in range(200):
            desk.sim.place_external(
                symbol=OTHER, side="BUY", type="MARKET", quantity="0.1", client_order_id=f"web_{number}"
            )
        await recover(desk)

        (fills,) = {len(notice.report.fills) for notice in desk.notices(GapRepaired)[:1]}
        assert fills == 200
        asked = [entry.body for entry in desk.sim.journal.entries(path="/fapi/v1/userTrades", kind="request")]
        assert not any("orderId" in params for params in asked)
        await desk.is_square()


async def test_recovery_of_a_ban_waits_until_it_is_over_and_asks_nothing_meanwhile() -> None:
    """Row 17: 418 with "banned until"; the orders, fills and positions of the time are told after it."""
    async with live_desk() as desk:
        await desk.resting("banned")
        until = desk.sim.time_ms + 120_000
        desk.sim.on_request(
            "GET", "/fapi/v1/openOrders", Respond(418, -1003, f"Way too many requests; IP banned until {until}.")
        )
        desk.sim.cut_connections()
        desk.sim.fill("banned", "0.010")
        await desk.until_state("banned", "filled")

        asked_at = [entry.time_ms for entry in desk.sim.journal.entries(kind="request")]
        banned_at = desk.sim.journal.entries(kind="request", path="/fapi/v1/openOrders")[1].time_ms
        assert [time_ms for time_ms in asked_at if banned_at < time_ms < until] == []
        assert desk.sim.time_ms >= until
        await desk.is_square()


async def test_liquidation_inside_the_gap_of_a_position_that_was_opened_long_ago_is_told_with_its_fills() -> None:
    """Row 11: no order of the symbol is known any more, the position is gone, and what closed it is nobody's order."""
    async with live_desk() as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="opening")
        await desk.until_state("opening", "filled")
        await asyncio.sleep(A_WHILE_S)

        desk.sim.cut_connections()
        desk.sim.liquidate(SYMBOL)
        await recover(desk)

        told = [data for data in desk.orders.deliveries if data["client_order_id"].startswith("autoclose-")]
        assert [Decimal(data["last_filled_qty"]) for data in told if data["trade_id"]] == [Decimal("0.010")]
        assert told[-1]["order_status"] == "FILLED"
        assert desk.book.positions == {}
        await desk.is_square()


@pytest.mark.parametrize("told", ["account_update", "nothing"])
async def test_deleveraging_of_which_the_stream_told_no_order_is_found_by_the_next_recovery(told: Told) -> None:
    """Row 11: its trade is booked as income, and names its order."""
    async with live_desk() as desk:
        await desk.orders.place_market_order(OTHER, "SELL", "2", client_order_id="opening")
        await desk.until_state("opening", "filled")
        await asyncio.sleep(1)

        desk.sim.adl(OTHER, told=told)
        await asyncio.sleep(20)
        desk.sim.cut_connections()
        await recover(desk)

        told_of = [data for data in desk.orders.deliveries if data["client_order_id"] == "adl_autoclose"]
        assert sum(Decimal(data["last_filled_qty"]) for data in told_of) == 2
        await desk.is_square()


async def test_trade_whose_order_nobody_can_name_is_told_as_an_external_orders() -> None:
    """Rule 18: its order is not found for longer than REST lags; its quantity must be known all the same."""
    async with open_desk() as desk:
        unlisted = await an_order_that_we_never_heard_of(desk)
        async with desk.service:
            await asyncio.sleep(A_WHILE_S)
            unlisted.cancel()
            desk.sim.on_request(
                "GET", "/fapi/v1/order", Respond(400, -2013, "Order does not exist."), times=None, symbol=OTHER
            )

            desk.sim.refuse_connections(times=7)  # longer than REST may lag
            desk.sim.cut_connections()
            desk.sim.fill("web_old", "0.5")
            desk.sim.cancel("web_old")
            await recover(desk)

            told = [(data["last_filled_qty"], data["side"], data["source"]) for data in desk.orders.deliveries]
            assert [(Decimal(quantity), *rest) for quantity, *rest in told] == [(Decimal("0.5"), "BUY", "rest")]


async def test_order_that_vanished_without_a_trace_ends_in_the_second_look_beyond_all_memory() -> None:
    """Rule 17: its cancel was told by nobody, and 3 days later the exchange has forgotten that it ever was."""
    day_s = 86_400
    seldom = Settings(comparison_interval_s=day_s, ping_interval_s=day_s)
    async with live_desk(settings=seldom) as desk:
        await desk.resting("vanished")
        desk.sim.on_request("GET", "/fapi/v1/openOrders", Respond(200, body=[]), times=None)
        desk.sim.on_request("GET", "/fapi/v1/allOrders", Respond(200, body=[]), times=None)
        desk.sim.on_request("GET", "/fapi/v1/order", Respond(400, -2013, "Order does not exist."), times=None)

        await asyncio.sleep(2.9 * day_s)
        desk.sim.cut_connections()
        await recover(desk)
        await asyncio.sleep(0.09 * day_s)
        assert desk.orders.told("vanished")[-1][0] == "NEW"

        await asyncio.sleep(0.02 * day_s)
        desk.sim.cut_connections()
        await desk.until_state("vanished", "expired")
        assert desk.orders.told("vanished")[-1] == ("EXPIRED", "0", "rest")
