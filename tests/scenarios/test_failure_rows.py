"""What the failure catalogue asks for and no other scenario shows: rows 2, 12, 16, 24 and 25."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from simulator import AccountSpec, Drop, Respond, Simulator
from simulator.core.market.symbols import perpetual
from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from tests.scenarios.watching import filled_quantities, requests
from user_stream import Environment, Order, OrderManager, PositionBook, Settings, UserStreamService
from user_stream.core.events import ConditionalOrderTriggerReject
from user_stream.core.lifecycle import GapOpened, GapRepaired, PositionUnexplained

ORDER = "/fapi/v1/order"


def stands(desk: Desk, name: str = "order") -> Order:
    order = desk.orders.get_order(name)
    assert order is not None
    return order


# --- row 2: conditional orders --------------------------------------------------------------------------------------


async def test_stop_goes_to_the_algo_service_and_never_to_the_endpoint_that_refuses_it() -> None:
    """Row 2: -4120 since 2025-12-09."""
    async with live_desk() as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="entry")
        for kind in ("STOP_MARKET", "TAKE_PROFIT_MARKET"):
            price = "50000" if kind == "STOP_MARKET" else "90000"
            await desk.orders.place_conditional_order(
                SYMBOL, "SELL", kind, trigger_price=price, close_position=True, client_order_id=kind
            )
            await desk.until_state(kind, "active")

        assert [entry.body["newClientOrderId"] for entry in requests(desk, "POST", ORDER)] == ["entry"]
        assert len(requests(desk, "POST", "/fapi/v1/algoOrder")) == 2
        await desk.is_square()


async def test_stop_that_is_refused_is_rejected_and_not_placed_again() -> None:
    """Row 2: no orphans, because nobody tries once more behind the engine's back."""
    async with live_desk() as desk:
        refusal = Respond(400, -4120, "Order type not supported for this endpoint.")
        desk.sim.on_request("POST", "/fapi/v1/algoOrder", refusal)

        order = await desk.orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="stop")
        await asyncio.sleep(120)

        assert (order.state, order.reject_code) == ("rejected", -4120)
        assert len(requests(desk, "POST", "/fapi/v1/algoOrder")) == 1


async def test_trigger_that_is_rejected_is_told_with_its_reason() -> None:
    """Row 2: CONDITIONAL_ORDER_TRIGGER_REJECT."""
    async with live_desk() as desk:
        rejected = {"s": SYMBOL, "i": 155618472834, "r": "Due to the order could not be filled immediately."}
        desk.sim.push({"e": "CONDITIONAL_ORDER_TRIGGER_REJECT", "E": 1, "T": 1, "or": rejected})
        await desk.until(lambda: desk.notices(ConditionalOrderTriggerReject))

        (told,) = desk.notices(ConditionalOrderTriggerReject)
        assert "filled immediately" in str(told)
        assert desk.notices(GapOpened) == []


# --- row 12: legs, flips, restarts ----------------------------------------------------------------------------------


@pytest.mark.parametrize("hedge", [False, True], ids=["one-way", "hedge"])
async def test_position_older_than_what_rest_remembers_is_known_and_explained(*, hedge: bool) -> None:
    """Row 12: its trades are beyond REST's three months; what the venue says of it is the truth."""
    sim = Simulator(accounts=(AccountSpec(balance="100000", dual_side_position=hedge),))
    async with open_desk(sim=sim) as desk:
        legs = ["LONG", "SHORT"] if hedge else ["BOTH"]
        for leg in legs:
            side = "SELL" if leg == "SHORT" else "BUY"
            desk.sim.place_external(symbol=SYMBOL, side=side, type="MARKET", quantity="0.020", position_side=leg)
        await asyncio.sleep(100 * 86_400)
        async with desk.service:
            amounts = {leg: abs(desk.book.position_amount(SYMBOL, leg)) for leg in legs}
            assert amounts == dict.fromkeys(legs, Decimal("0.020"))
            for leg in legs:
                side = "BUY" if leg == "SHORT" else "SELL"
                await desk.orders.place_market_order(SYMBOL, side, "0.010", position_side=leg, client_order_id=leg)
                await desk.until_state(leg, "filled")
            await asyncio.sleep(120)

            amounts = {leg: abs(desk.book.position_amount(SYMBOL, leg)) for leg in legs}
            assert amounts == dict.fromkeys(legs, Decimal("0.010"))
            assert desk.notices(PositionUnexplained) == []
            desk.deliveries_are_lawful()


@pytest.mark.parametrize("cut_after", [0, 1, 2, 3])
async def test_order_that_turns_a_position_round_around_a_cut_is_booked_part_by_part(cut_after: int) -> None:
    """Row 12: a flip by one order with several fills, told partly by the stream and partly by REST."""
    async with live_desk() as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="long")
        await desk.orders.place_limit_order(SYMBOL, "SELL", "0.030", "65100", client_order_id="flip")
        await desk.until_state("flip", "active")
        epoch = desk.epoch
        parts = ["0.006", "0.009", "0.015"]
        for part in parts[:cut_after]:
            desk.sim.fill("flip", part)
            await asyncio.sleep(0.001)
        desk.sim.cut_connections()
        for part in parts[cut_after:]:
            desk.sim.fill("flip", part)
            await asyncio.sleep(0.001)
        await desk.until_live(after_epoch=epoch)
        await asyncio.sleep(60)

        assert filled_quantities(desk, "flip") == [Decimal(part) for part in parts]
        assert desk.book.position_amount(SYMBOL) == Decimal("-0.020")
        assert desk.notices(PositionUnexplained) == []
        await desk.is_square()


class Outliving(Simulator):
    """An exchange that goes on when a desk is closed."""

    async def start(self) -> None:
        """Open at the first desk."""
        if not self.port:
            await super().start()

    async def stop(self) -> None:
        """Not yet."""

    async def close(self) -> None:
        """Close for good."""
        await super().stop()


@pytest.mark.parametrize("journaled", [False, True])
async def test_engine_that_starts_again_finds_both_legs_although_their_sum_is_nothing(
    tmp_path: Path, *, journaled: bool
) -> None:
    """Rows 12 and 19: with and without a journal; the legs keep apart, and their fills explain them."""
    settings = Settings(journal=tmp_path / "journal") if journaled else Settings()
    sim = Outliving(accounts=(AccountSpec(balance="100000", dual_side_position=True),))
    for life in range(1, 4):
        async with live_desk(sim=sim, settings=settings) as desk:
            for leg, side in (("LONG", "BUY"), ("SHORT", "SELL")):
                await desk.orders.place_market_order(SYMBOL, side, "0.010", position_side=leg)
            await asyncio.sleep(120)

            held = [desk.book.position_amount(SYMBOL, leg) for leg in ("LONG", "SHORT", "BOTH")]
            assert held == [life * Decimal("0.010"), -life * Decimal("0.010"), 0]
            assert desk.notices(PositionUnexplained) == []
        await asyncio.sleep(3600)
    await sim.close()


# --- row 16: accounts -----------------------------------------------------------------------------------------------


async def test_two_accounts_in_one_process_hear_each_their_own() -> None:
    """Row 16: events name no account; the connection that they come on does."""
    accounts = [
        AccountSpec(name=name, api_key=name * 64, api_secret=name * 64, balance="100000") for name in ("a", "b")
    ]
    async with Simulator(accounts=accounts) as sim, AsyncExitStack() as stack:
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        books = [PositionBook(), PositionBook()]
        managers: list[OrderManager] = []
        for account, book in zip(accounts, books, strict=True):
            keys = account.api_key, account.api_secret
            managers.append(await stack.enter_async_context(OrderManager(*keys, environment=environment)))
            service = UserStreamService(*keys, managers[-1], book, environment=environment)
            await stack.enter_async_context(service)
        for manager, side in zip(managers, ("BUY", "SELL"), strict=True):
            await manager.place_market_order(SYMBOL, side, "0.010", client_order_id="same")
        sim.cut_connections(account="a")
        sim.place_external(account="a", symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.005")
        await asyncio.sleep(60)

        assert [book.position_amount(SYMBOL) for book in books] == [Decimal("0.015"), Decimal("-0.010")]
        assert [len(manager.orders) for manager in managers] == [2, 1]
        assert [manager.orders[0].side for manager in managers] == ["BUY", "SELL"]


# --- row 24: money --------------------------------------------------------------------------------------------------

TINY = perpetual("TINYUSDT", "0.00000120", "0.00000001", "1", max_quantity="1000000000000")
FINE = perpetual("FINEUSDT", "250000", "0.01", "0.00000001", max_quantity="1000")


@pytest.mark.parametrize(
    ("symbol", "quantity", "price", "sent"),
    [
        ("TINYUSDT", "10000000", "0.00000119", ("10000000", "0.00000119")),
        ("TINYUSDT", Decimal("1E+7"), Decimal("1.19E-6"), ("10000000", "0.00000119")),
        ("TINYUSDT", Decimal("10000000.000"), Decimal("0.000001190"), ("10000000.000", "0.000001190")),
        ("FINEUSDT", Decimal("0.00004001"), Decimal("249999.990"), ("0.00004001", "249999.990")),
        ("FINEUSDT", Decimal(4001) * Decimal("1E-8"), 249999, ("0.00004001", "249999")),
    ],
)
async def test_amount_goes_over_the_wire_as_digits_and_comes_back_to_the_last_one(
    symbol: str, quantity: Any, price: Any, sent: tuple[str, str]
) -> None:
    """Row 24: no exponent (-1100), no rounding, steps of 1E-8, trailing zeros."""
    sim = Simulator(accounts=(AccountSpec(balance="100000"),), symbols=(TINY, FINE))
    async with live_desk(sim=sim) as desk:
        order = await desk.orders.place_limit_order(symbol, "BUY", quantity, price, client_order_id="order")
        assert order.state != "rejected", order.reject_reason
        await desk.until_state("order", "active")
        desk.sim.fill("order", Decimal(quantity))
        await desk.until_state("order", "filled")

        (request,) = requests(desk, "POST", ORDER)
        assert (request.body["quantity"], request.body["price"]) == sent
        assert stands(desk).filled_qty == Decimal(quantity)
        assert stands(desk).avg_price == Decimal(price)
        await desk.is_square()


@pytest.mark.parametrize("terms", [{"quantity": 0.01, "price": "60000"}, {"quantity": "0.010", "price": 60000.0}])
async def test_float_is_refused_before_anything_is_sent(terms: dict[str, Any]) -> None:
    """Row 24: a float has rounded before anybody could look."""
    async with live_desk() as desk:
        with pytest.raises(TypeError, match="float"):
            await desk.orders.place_limit_order(SYMBOL, "BUY", **terms)
        await desk.resting("order")
        with pytest.raises(TypeError, match="float"):
            await desk.orders.amend_order("order", price=60000.5)  # type: ignore[arg-type]  # what the test is about

        assert [entry.method for entry in desk.sim.journal.entries(kind="request", path=ORDER)] == ["POST"]


async def test_thousand_tiny_fills_add_up_to_the_last_digit() -> None:
    """Row 24: what floats would have lost."""
    async with live_desk(sim=Simulator(accounts=(AccountSpec(balance="100000"),), symbols=(FINE,))) as desk:
        await desk.orders.place_limit_order("FINEUSDT", "BUY", "0.01", "249999.99", client_order_id="order")
        await desk.until_state("order", "active")
        for _ in range(999):
            desk.sim.fill("order", "0.00001001")
        desk.sim.fill("order", "0.00000001")
        await desk.until_state("order", "filled")

        assert sum(filled_quantities(desk, "order")) == Decimal("0.01")
        await desk.is_square()


# --- rows 9 and 25 ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE"])
async def test_ten_cuts_each_with_an_event_lost_leave_one_service(event: str) -> None:
    """Rows 9 and 25."""
    async with live_desk() as desk:
        await desk.resting("order", quantity="0.100")
        tasks = len(asyncio.all_tasks())
        for epoch in range(1, 11):
            desk.sim.on_frame(Drop(), event=event)
            desk.sim.fill("order", "0.010")
            desk.sim.cut_connections()
            await desk.until_live(after_epoch=epoch)
            await asyncio.sleep(90)
        await desk.until_state("order", "filled")

        assert filled_quantities(desk, "order") == [Decimal("0.010")] * 10
        assert len(asyncio.all_tasks()) <= tasks + 1
        assert len(desk.notices(GapRepaired)) >= 10
        await desk.is_square()
