"""Killed and started again: what a journal makes of two lives (rule 28, row 19)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from simulator import AccountSpec, ExecuteThen, Simulator
from simulator.core.faults.fault import Delay, Reset
from simulator.core.faults.verdict import Hold
from tests.scenarios.desk import SYMBOL
from tests.scenarios.lives import Life, Lives, open_lives
from tests.scenarios.watching import requests, when
from user_stream import MappedOrderUpdate, OrderManager, Settings, UserStreamService
from user_stream.core.lifecycle import (
    GapOpened,
    GapRepaired,
    GapUnprovable,
    JournalDamaged,
    OrderLost,
    PositionUnexplained,
    Stopped,
)
from user_stream.errors import FatalError, JournalError

ORDER = "/fapi/v1/order"
ALGO_ORDER = "/fapi/v1/algoOrder"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.journal"


async def until_confirmed(life: Life) -> None:
    """Wait until what the restart repaired is confirmed, and every question answered."""
    await life.desk.until(lambda: any(not gap.provisional for gap in life.desk.notices(GapRepaired)))
    await asyncio.sleep(60)


def state(life: Life, name: str) -> str:
    order = life.orders.get_order(name)
    return "unknown" if order is None else str(order.state)


# --- what is resumed ----------------------------------------------------------------------------------------------


async def test_a_killed_service_resumes_its_orders_and_recovers_what_happened_meanwhile(path: Path) -> None:
    """Rule 28: ours stay ours, costs are kept, fills of the downtime are told once."""
    async with open_lives(path) as lives:
        first = await lives.live()
        await lives.place(first, "rests")
        await lives.place(first, "half", qty="0.020")
        lives.sim.fill("half", "0.005")
        await lives.place(first, "done", price="66000")
        await asyncio.sleep(1)
        first.kill()

        lives.sim.fill("half", "0.015")
        await asyncio.sleep(10)
        second = await lives.live()
        await until_confirmed(second)

        assert [gap.cause for gap in second.desk.notices(GapOpened)] == ["the process was not running"]
        assert second.orders.again == []
        assert second.desk.notices(PositionUnexplained) == []
        await lives.is_square()


async def test_a_service_that_was_stopped_tells_nothing_again(path: Path) -> None:
    async with open_lives(path) as lives:
        first = await lives.live()
        await lives.place(first, "half")
        lives.sim.fill("half", "0.005")
        await first.do(first.desk.service.stop())
        second = await lives.live()
        await until_confirmed(second)

        assert second.orders.again == []
        assert not any(data["redelivered"] for data in lives.deliveries)
        await lives.is_square()


async def test_what_others_did_while_nobody_ran_is_told_from_beginning_to_end(path: Path) -> None:
    """Rule 15: orders that were placed, filled and ended meanwhile, on symbols that the engine never named, too."""
    async with open_lives(path) as lives:
        (await lives.live()).kill()
        sim = lives.sim
        sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.004", client_order_id="web_1")
        sim.place_external(
            symbol="ETHUSDT", side="BUY", type="LIMIT", quantity="0.5", price="2000", time_in_force="GTC",
            client_order_id="web_2",
        )  # fmt: skip
        sim.fill("web_2", "0.2", "2000")
        sim.cancel("web_2")
        await asyncio.sleep(10)
        second = await lives.live()
        await until_confirmed(second)

        assert [status for status, _, _ in second.orders.told("web_2")] == ["PARTIALLY_FILLED", "CANCELED"]
        assert [quantity for _, quantity, _ in second.orders.told("web_1")] == ["0.004"]
        await lives.is_square()


async def test_an_order_that_began_before_the_first_life_keeps_its_baseline(path: Path) -> None:
    """Rule 7: fills from before the engine's time are never told, in no life."""
    async with open_lives(path) as lives:
        sim = lives.sim
        sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", time_in_force="GTC",
            client_order_id="older",
        )  # fmt: skip
        sim.fill("older", "0.004")
        await asyncio.sleep(5)
        first = await lives.live()
        await asyncio.sleep(1)
        first.kill()
        sim.fill("older", "0.003")
        await asyncio.sleep(10)
        second = await lives.live()
        await until_confirmed(second)
        second.kill()
        third = await lives.live()
        sim.fill("older", "0.003")
        await until_confirmed(third)

        assert [quantity for _, quantity, _ in third.orders.told("older") if quantity != "0"] == ["0.003", "0.003"]
        order = third.orders.get_order("older")
        assert order is not None
        assert (order.state, order.filled_qty) == ("filled", Decimal("0.010"))


async def test_costs_of_a_fill_that_trade_lite_had_told_come_after_the_restart(path: Path) -> None:
    """Rule 8: killed between TRADE_LITE and the event that knows commission and profit."""
    async with open_lives(path) as lives:
        first = await lives.live()
        await lives.place(first, "quick")
        lives.sim.on_frame(Hold(), event="ORDER_TRADE_UPDATE", times=None)
        lives.sim.fill("quick", "0.010")
        await asyncio.sleep(1)
        assert first.orders.told("quick")[-1][2] == "trade_lite"
        first.kill()
        second = await lives.live()
        await until_confirmed(second)

        order = second.orders.get_order("quick")
        assert order is not None
        assert order.commission["USDT"] > 0
        await lives.is_square()


async def test_ids_increase_over_all_lives_and_no_client_order_id_is_made_twice(path: Path) -> None:
    """Rules 2 and 6."""
    async with open_lives(path) as lives:
        names = set()
        for _ in range(5):
            life = await lives.live()
            for _ in range(4):
                order = await life.do(life.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000"))
                assert order is not None
                names.add(order.client_order_id)
                lives.ours.add(order.client_order_id)
            life.kill()
        last = await lives.live()
        await until_confirmed(last)

        assert len(names) == 20
        numbers = [data["delivery_id"] for data in lives.deliveries]
        assert numbers == list(range(1, len(numbers) + 1))
        await lives.is_square()


# --- what was in flight -------------------------------------------------------------------------------------------


async def test_an_order_killed_between_sending_and_answer_is_found_and_ours(path: Path) -> None:
    async with open_lives(path) as lives:
        first = await lives.live()
        lives.sim.on_request("POST", ORDER, ExecuteThen(Delay(30)))
        lives.sim.on_frame(Hold(), times=None)
        when(first.desk, first.kill, kind="event")
        await lives.place(first, "in-flight")
        assert first.over
        assert first.orders.told("in-flight") == []
        await asyncio.sleep(10)
        second = await lives.live()
        assert state(second, "in-flight") == "active"
        await until_confirmed(second)

        assert len(requests(second.desk, "POST", ORDER)) == 1
        assert second.desk.notices(OrderLost) == []
        await lives.is_square()


async def test_an_order_that_never_arrived_is_lost_and_said_once_and_never_sent_again(path: Path) -> None:
    async with open_lives(path) as lives:
        first = await lives.live()
        lives.sim.on_request("POST", ORDER, Reset())
        when(first.desk, first.kill, kind="request", path=ORDER)
        await lives.place(first, "never")
        assert first.over
        second = await lives.live()
        assert state(second, "never") == "placing"
        await until_confirmed(second)
        assert state(second, "never") == "lost"
        assert second.desk.notices(OrderLost) == [OrderLost("never")]
        third = await lives.live()
        await until_confirmed(third)

        assert third.desk.notices(OrderLost) == []
        assert third.orders.orders == []
        assert len(requests(third.desk, "POST", ORDER)) == 1


async def test_an_order_that_arrives_after_its_sender_was_killed_turns_up(path: Path) -> None:
    async with open_lives(path) as lives:
        first = await lives.live()
        lives.sim.on_request("POST", ORDER, Delay(4))
        when(first.desk, first.kill, kind="request", path=ORDER)
        asyncio.get_running_loop().call_later(1, first.kill)
        await lives.place(first, "late")
        second = await lives.live()
        assert state(second, "late") == "placing"
        await until_confirmed(second)

        assert state(second, "late") == "active"
        await lives.is_square()


async def test_a_name_that_was_used_before_is_in_flight_all_the_same(path: Path) -> None:
    """Rule 2: client order ids are attributes; an ended order of the same name is another order."""
    async with open_lives(path) as lives:
        first = await lives.live(keep_ended=1)
        await lives.place(first, "again", price="66000")
        await lives.place(first, "other", price="66000")  # one order manager may have forgotten what the journal knows
        await asyncio.sleep(60)
        assert state(first, "again") == "unknown"
        lives.sim.on_request("POST", ORDER, ExecuteThen(Delay(30)))
        when(first.desk, first.kill, kind="event")
        await lives.place(first, "again", price="60000")
        assert first.over
        second = await lives.live()
        await until_confirmed(second)

        assert sorted(str(order.state) for order in second.orders.orders) == ["active", "filled", "filled"]
        assert state(second, "again") == "active"
        await lives.is_square()


# --- what was being told ------------------------------------------------------------------------------------------


def at(number: int, life: Life) -> Callable[[MappedOrderUpdate], None]:
    """Return what ends a life at the delivery with this number."""
    return lambda data: life.kill() if data["delivery_id"] == number else None


@pytest.mark.parametrize("moment", ["before the engine hears it", "after"])
async def test_killed_at_any_delivery_that_one_is_told_again_under_its_id(tmp_path: Path, moment: str) -> None:
    """Rules 6 and 28: between commit and callback, and between callback and commit."""
    for number in range(1, 8):
        async with open_lives(tmp_path / f"{number}") as lives:
            first = await lives.live()
            if moment == "after":
                first.after_delivery = at(number, first)
            else:
                first.orders.before = at(number, first)
            await lives.place(first, "half", qty="0.020")
            for quantity in ("0.005", "0.006", "0.009"):
                lives.sim.fill("half", quantity)
                await asyncio.sleep(0.1)
            await lives.place(first, "rests")
            lives.sim.place_external(
                symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.003", client_order_id="web_1"
            )
            await asyncio.sleep(0.1)
            assert first.over
            heard = [data["delivery_id"] for data in lives.deliveries]
            assert heard == list(range(1, number + (moment == "after")))
            second = await lives.live()
            await until_confirmed(second)

            again = [data["delivery_id"] for data in second.orders.again]
            assert again == ([number] if moment == "after" else [])
            assert [data["delivery_id"] for data in lives.deliveries if data["redelivered"]] == (
                [] if moment == "after" else [number]
            )
            lives.ours.add("half")
            await lives.is_square()


async def test_a_callback_that_was_cut_off_by_the_kill_is_called_again(path: Path) -> None:
    async with open_lives(path) as lives:
        first = await lives.live()
        heard: list[int] = []

        async def slow(data: MappedOrderUpdate) -> None:
            await asyncio.sleep(5)
            heard.append(data["delivery_id"])

        first.orders.on_order_update = slow  # type: ignore[method-assign]  # an engine of its own
        await lives.place(first, "rests")
        lives.sim.fill("rests", "0.004")
        await asyncio.sleep(7)
        first.kill()
        assert heard == [1]
        second = await lives.live()
        await until_confirmed(second)

        assert [(data["delivery_id"], data["redelivered"]) for data in lives.deliveries] == [(2, True)]


async def test_what_is_told_before_the_first_look_does_not_hide_what_happened_meanwhile(path: Path) -> None:
    """Killed twice: the second life had an answer about its order, but never a connection."""
    async with open_lives(path) as lives:
        first = await lives.live()
        lives.sim.on_request("POST", ORDER, ExecuteThen(Delay(30)))
        when(first.desk, first.kill, kind="request", path=ORDER)
        await lives.place(first, "in-flight")
        lives.sim.place_external(symbol=SYMBOL, side="BUY", type="MARKET", quantity="0.003", client_order_id="web_1")
        lives.sim.refuse_connections(times=20)
        second = lives.born()
        lives.start(second)
        await second.desk.until_state("in-flight", "active")
        second.kill()
        lives.sim.refuse_connections(times=0)
        third = await lives.live()
        await until_confirmed(third)

        assert [quantity for _, quantity, _ in third.orders.told("web_1")] == ["0.003"]
        await lives.is_square()


# --- conditional orders -------------------------------------------------------------------------------------------


async def stop_order(lives: Lives, life: Life, name: str, trigger_price: str = "60000") -> None:
    lives.ours.add(name)
    await life.do(life.orders.place_stop_order(SYMBOL, "SELL", trigger_price, quantity="0.004", client_order_id=name))


async def test_stops_are_known_again_whatever_happened_to_them_meanwhile(path: Path) -> None:
    """One waits, one was triggered and filled, one was cancelled: ours, and one with the orders that they became."""
    async with open_lives(path) as lives:
        first = await lives.live()
        await lives.place(first, "position", price="66000", qty="0.020")
        await stop_order(lives, first, "waits", "50000")
        await stop_order(lives, first, "strikes", "64000")
        await stop_order(lives, first, "goes", "51000")
        await asyncio.sleep(1)
        first.kill()
        lives.sim.set_price(SYMBOL, "63000")
        lives.sim.end_algo("goes")
        await asyncio.sleep(10)
        second = await lives.live()
        await until_confirmed(second)
        await lives.is_square(kept=False)

        for life in (second, await lives.live()):
            known = {order.client_order_id: order for order in life.orders.orders}
            assert {name: (str(order.state), order.external) for name, order in known.items()} == {
                "position": ("filled", False),
                "waits": ("active", False),
                "strikes": ("filled", False),
                "goes": ("cancelled", False),
            }
            assert known["strikes"].filled_qty == Decimal("0.004")
            assert known["strikes"].order_id
        assert sum(Decimal(data["last_filled_qty"]) for data in lives.deliveries if data.get("algo_id")) == Decimal(
            "0.004"
        )


@pytest.mark.parametrize("exists", [True, False])
async def test_a_stop_that_was_in_flight_is_resolved_in_its_own_book(path: Path, exists: bool) -> None:
    async with open_lives(path) as lives:
        first = await lives.live()
        lives.sim.on_request("POST", ALGO_ORDER, ExecuteThen(Delay(30)) if exists else Reset())
        when(first.desk, first.kill, kind="request", path=ALGO_ORDER)
        await stop_order(lives, first, "stop")
        assert first.over
        second = await lives.live()
        await until_confirmed(second)

        assert state(second, "stop") == ("active" if exists else "lost")
        assert len(requests(second.desk, "POST", ALGO_ORDER)) == 1
        assert second.desk.notices(OrderLost) == ([] if exists else [OrderLost("stop")])


# --- how long nobody ran ------------------------------------------------------------------------------------------


async def test_after_four_days_fills_are_found_and_what_is_beyond_retention_is_said(path: Path) -> None:
    """Rules 15 and 17: orders that ended without a fill are kept for 3 days, trades for longer."""
    async with open_lives(path) as lives:
        first = await lives.live()
        await lives.place(first, "filled")
        await lives.place(first, "cancelled")
        await lives.place(first, "rests")
        await asyncio.sleep(1)
        first.kill()
        lives.sim.fill("filled", "0.010")
        lives.sim.cancel("cancelled")
        await asyncio.sleep(4 * 86_400)
        second = await lives.live()
        await until_confirmed(second)

        (unprovable,) = {notice.what for notice in second.desk.notices(GapUnprovable)}
        assert unprovable == "orders"
        await second.desk.until_state("cancelled", "expired", "cancelled")
        assert {name: state(second, name) for name in ("filled", "rests")} == {"filled": "filled", "rests": "active"}
        assert [quantity for _, quantity, _ in second.orders.told("filled") if quantity != "0"] == ["0.010"]
        second.desk.deliveries_are_lawful()


async def test_what_ended_just_before_the_kill_is_known_however_long_nobody_ran(path: Path) -> None:
    """Rule 28: a recovery reads from before the watermark, so what ended there outlasts the retention of 7 days."""
    async with open_lives(path) as lives:
        first = await lives.live()
        await lives.place(first, "just", price="66000")
        await asyncio.sleep(45)  # everything is acknowledged
        first.kill()
        await asyncio.sleep(8 * 86_400)
        second = await lives.live()
        await until_confirmed(second)

        assert [data["last_filled_qty"] for data in lives.deliveries if data["last_filled_qty"] != "0"] == ["0.010"]
        assert state(second, "just") == "filled"
        second.desk.deliveries_are_lawful()


# --- the file -----------------------------------------------------------------------------------------------------


async def test_without_a_journal_nothing_is_written(tmp_path: Path) -> None:
    async with open_lives(None) as lives:
        first = await lives.live()
        await lives.place(first, "rests")
        await first.do(first.desk.service.stop())
    assert list(tmp_path.iterdir()) == []  # noqa: ASYNC240  the directory is all there is to look at


async def test_a_second_service_on_the_same_journal_is_told_so(path: Path) -> None:
    async with open_lives(path) as lives:
        await lives.live()
        keys = (lives.sim.account.api_key, lives.sim.account.api_secret)
        async with OrderManager(*keys, environment=lives.environment) as orders:
            with pytest.raises(JournalError, match="in use: one process at a time"):
                UserStreamService(*keys, orders, environment=lives.environment, settings=Settings(journal=path))
        assert issubclass(JournalError, FatalError)


async def test_the_journal_of_another_key_is_refused(path: Path) -> None:
    sim = Simulator(
        accounts=(AccountSpec(balance="100000"), AccountSpec(name="other", api_key="o" * 64, api_secret="s" * 64))
    )
    async with open_lives(path, sim=sim) as lives:
        (await lives.live()).kill()
        other = lives.sim.accounts[1]
        async with OrderManager(other.api_key, other.api_secret, environment=lives.environment) as orders:
            with pytest.raises(JournalError, match="belongs to another API key") as caught:
                UserStreamService(
                    other.api_key, other.api_secret, orders, environment=lives.environment,
                    settings=Settings(journal=path),
                )  # fmt: skip
        assert lives.sim.account.api_key not in str(caught.value)


async def test_a_damaged_end_is_said_and_what_it_held_is_read_over_rest(path: Path) -> None:
    async with open_lives(path) as lives:
        first = await lives.live()
        for number in range(6):
            await lives.place(first, f"order-{number}")
        lives.sim.fill("order-1", "0.004")
        await asyncio.sleep(1)
        last = lives.deliveries[-1]["delivery_id"]
        log = path.with_name(path.name + "-wal")
        left = {file: bytearray(file.read_bytes()) for file in (path, log)}
        first.kill()
        left[log][len(left[log]) * 2 // 3 :: 50] = b"?" * len(left[log][len(left[log]) * 2 // 3 :: 50])
        for file, content in left.items():
            file.write_bytes(content)
        second = lives.born()
        del lives.deliveries[:]  # which of them are lost, nobody knows: the orders are what counts
        lives.start(second)
        await until_confirmed(second)

        (damage,) = second.desk.notices(JournalDamaged)
        assert "The damaged file is kept as" in damage.detail
        assert list(path.parent.glob("*.damaged-*"))
        known = {order.client_order_id: (str(order.state), order.filled_qty) for order in second.orders.orders}
        assert known == {
            f"order-{number}": ("active", Decimal("0.004") if number == 1 else Decimal(0)) for number in range(6)
        }
        assert all(data["delivery_id"] > last for data in lives.deliveries if not data["redelivered"])


@pytest.mark.no_cover
async def test_the_journal_stops_growing_over_many_restarts(path: Path) -> None:
    """Its size is bounded by the retention, conditional orders and their children included."""
    settings = Settings(journal=path, journal_retention_s=600)
    async with open_lives(path, settings=settings) as lives:
        sizes = []
        for number in range(24):
            life = await lives.live()
            await lives.place(life, f"filled-{number}", price="66000")
            await stop_order(lives, life, f"stop-{number}", "64000")
            lives.sim.set_price(SYMBOL, "63000")
            await asyncio.sleep(5)
            lives.sim.set_price(SYMBOL, "65000")
            await lives.place(life, f"cancelled-{number}")
            lives.sim.cancel(f"cancelled-{number}")
            await asyncio.sleep(300)
            life.kill()
            sizes.append(sum(file.stat().st_size for file in path.parent.iterdir()))
        last = await lives.live()

        assert max(sizes[8:]) <= 1.1 * max(sizes[4:8])
        assert len(last.orders.orders) <= 12
        assert [order for order in last.orders.orders if order.external] == []
        assert last.desk.notices(OrderLost) == []


async def test_a_journal_that_cannot_be_written_stops_the_service(path: Path) -> None:
    async with open_lives(path) as lives:
        first = await lives.live()
        await lives.place(first, "rests")
        first.desk.service._memory._journal._connection.execute("DROP TABLE told")  # type: ignore[union-attr]  # noqa: SLF001  a disk that fails
        lives.sim.fill("rests", "0.004")
        await asyncio.sleep(1)

        assert isinstance(first.desk.service.state, Stopped)
        assert "cannot be written" in first.desk.service.state.cause
        assert first.service_task is not None
        with pytest.raises(JournalError):
            first.service_task.result()
