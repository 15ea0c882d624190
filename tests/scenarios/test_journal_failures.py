"""A journal that fails, or has ended: nothing is sent or told that it does not hold, and the service says why."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from tests.scenarios.watching import requests, states
from user_stream import Order, OrderIntent, Settings, UserStreamService
from user_stream.core.lifecycle import Live, Stopped
from user_stream.errors import FatalError, JournalError

ORDERS = "/fapi/v1/order"


class Engine:
    """An order manager that takes a moment."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def on_order_update(self, data: Any) -> None:
        await asyncio.sleep(0.01)
        self.heard.append(data["client_order_id"])


def service_of(desk: Desk, engine: Any, journal: Path, **settings: Any) -> UserStreamService:
    account = desk.sim.account
    return UserStreamService(
        account.api_key, account.api_secret, engine, environment=desk.environment,
        settings=Settings(journal=journal, **settings), draw=lambda: 0.5,
    )  # fmt: skip


def an_intent(name: str) -> OrderIntent:
    return OrderIntent(client_order_id=name, symbol=SYMBOL, side="BUY", order_type="LIMIT", quantity="0.001")


def announce_until_refused(service: UserStreamService) -> None:
    for number in range(3_000):
        service.register_intent(an_intent(f"o{number}"))


def fill_the_disk(service: UserStreamService) -> None:
    """Let the journal's file grow no more."""
    journal = service._memory._journal  # noqa: SLF001  no setting makes a disk small
    assert journal is not None
    connection = journal._connection  # noqa: SLF001  as above
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count={pages}")


async def place_until_refused(desk: Desk) -> Order:
    """Place orders until one is not written; return it."""
    for number in range(3_000):
        name = f"o{number}"
        try:
            await desk.orders.place_limit_order(SYMBOL, "BUY", "0.001", "60000", client_order_id=name)
        except JournalError:
            order = desk.orders.get_order(name)
            assert order is not None
            return order
    pytest.fail("the disk was never full")


async def ended_with(start: asyncio.Task[None], *, within_s: float = 300) -> BaseException | None:
    """Return what `start()` raised; fail when it goes on."""
    await asyncio.wait([start], timeout=within_s)
    if not start.done():
        start.cancel()
        await asyncio.wait([start])
        pytest.fail("the service goes on")
    return start.exception()


async def test_order_that_a_full_disk_cannot_take_is_not_sent_and_the_service_says_why(tmp_path: Path) -> None:
    async with open_desk(settings=Settings(journal=tmp_path / "j")) as desk:
        start = asyncio.create_task(desk.service.start())
        await desk.service.wait_until_ready(60)
        fill_the_disk(desk.service)
        refused = await place_until_refused(desk)

        assert isinstance(desk.service.state, Stopped)
        assert "cannot be written" in desk.service.state.cause
        assert (refused.state, refused.order_id) == ("rejected", "")
        assert "cannot be written" in refused.reject_reason
        error = await ended_with(start)
        assert isinstance(error, JournalError)
        assert desk.service.state == Stopped(str(error))
        assert Live not in [type(item) for item in desk.said[desk.said.index(desk.service.state) :]]


async def test_no_order_is_sent_unwritten_after_the_journal_failed(tmp_path: Path) -> None:
    async with open_desk(settings=Settings(journal=tmp_path / "j")) as desk:
        start = asyncio.create_task(desk.service.start())
        await desk.service.wait_until_ready(60)
        fill_the_disk(desk.service)
        await place_until_refused(desk)
        await ended_with(start)
        sent = len(requests(desk, "POST", ORDERS))

        with pytest.raises(JournalError, match="has ended"):
            await desk.orders.place_limit_order(SYMBOL, "BUY", "0.001", "60000", client_order_id="after")

        assert len(requests(desk, "POST", ORDERS)) == sent


@pytest.mark.parametrize("count", range(16))
async def test_nothing_is_said_after_the_end_although_the_connection_is_lost_at_that_moment(
    tmp_path: Path, count: int
) -> None:
    async with open_desk(settings=Settings(journal=tmp_path / "j")) as desk:
        start = asyncio.create_task(desk.service.start())
        await desk.service.wait_until_ready(60)
        fill_the_disk(desk.service)
        desk.sim.cut_connections()
        for _ in range(count):
            await asyncio.sleep(0)
        with pytest.raises(JournalError):
            announce_until_refused(desk.service)
        await ended_with(start)

        assert [state for state in states(desk) if isinstance(state, Stopped)] == states(desk)[-1:]


@pytest.mark.parametrize("conditional", [False, True])
async def test_order_after_the_service_stopped_is_refused_and_not_sent(tmp_path: Path, *, conditional: bool) -> None:
    """A journaled service that has ended cannot promise that the next process will know the order as ours."""
    async with live_desk(settings=Settings(journal=tmp_path / "j")) as desk:
        await desk.service.stop()
        late = (
            desk.orders.place_stop_order(SYMBOL, "SELL", "50000", quantity="0.010", client_order_id="late")
            if conditional
            else desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="late")
        )
        with pytest.raises(JournalError, match=r"has ended.*before stop"):
            await late

        order = desk.orders.get_order("late")
        assert order is not None
        assert (order.state, "has ended" in order.reject_reason) == ("rejected", True)
        assert not requests(desk, "POST", ORDERS)
        assert not requests(desk, "POST", "/fapi/v1/algoOrder")


async def test_order_after_a_stop_is_sent_as_ever_where_there_is_no_journal() -> None:
    async with live_desk() as desk:
        await desk.service.stop()

        order = await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000")

        assert order.state == "placing"
        assert len(requests(desk, "POST", ORDERS)) == 1


async def test_journal_that_fails_at_an_acknowledgement_ends_the_service_at_once(tmp_path: Path) -> None:
    """In the outbox's own task, which nobody looks at."""
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))

    class Breaking(Engine):
        async def on_order_update(self, data: Any) -> None:
            await super().on_order_update(data)
            journal = service._memory._journal  # noqa: SLF001  no setting breaks a disk
            if len(self.heard) == 1 and journal is not None:
                journal._connection.execute("DROP TABLE head")  # noqa: SLF001  as above

    async with open_desk() as desk:
        service = service_of(desk, Breaking(), tmp_path / "j", journal_group=2)
        start = asyncio.create_task(service.start())
        await service.wait_until_ready(60)
        await asyncio.sleep(3)
        for number in range(3):
            desk.sim.place_external(
                symbol=SYMBOL,
                side="BUY",
                type="LIMIT",
                quantity="0.010",
                price="60000",
                client_order_id=f"web_{number}",
            )

        assert isinstance(await ended_with(start, within_s=5), JournalError)
        gc.collect()
        assert complaints == []


async def test_journal_that_fails_at_the_last_acknowledgement_is_said_by_start(tmp_path: Path) -> None:
    class Breaking(Engine):
        async def on_order_update(self, data: Any) -> None:
            await super().on_order_update(data)
            await asyncio.sleep(2)  # stopped meanwhile
            journal = service._memory._journal  # noqa: SLF001  no setting breaks a disk
            assert journal is not None
            journal._connection.execute("DROP TABLE head")  # noqa: SLF001  as above

    async with open_desk() as desk:
        service = service_of(desk, Breaking(), tmp_path / "j", journal_group=1)
        start = asyncio.create_task(service.start())
        await service.wait_until_ready(60)
        desk.sim.place_external(symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000")
        await asyncio.sleep(1)
        await service.stop()

        error = await ended_with(start)
        assert isinstance(error, JournalError)
        with pytest.raises(JournalError):
            await service.wait_until_ready()
        assert service.state == Stopped(str(error))


async def test_journal_that_was_deleted_in_mid_run_is_noticed(tmp_path: Path) -> None:
    async with open_desk(settings=Settings(journal=tmp_path / "j")) as desk:
        start = asyncio.create_task(desk.service.start())
        await desk.service.wait_until_ready(60)
        await desk.resting("order")
        for each in list(tmp_path.iterdir()):  # noqa: ASYNC240  a moment of the test's own
            each.unlink()

        error = await ended_with(start)
        assert isinstance(error, JournalError)
        assert "moved or deleted" in str(error)


async def test_journal_stays_in_its_place_when_the_engine_goes_to_another_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    async with live_desk(settings=Settings(journal="j")) as desk:
        monkeypatch.chdir(tmp_path / "elsewhere")
        await asyncio.sleep(300)

        assert isinstance(desk.service.state, Live)


# --- giving an engine its orders back -----------------------------------------------------------------------------


class Forgetful(Engine):
    def resume_orders(self, *_: Any) -> None:
        message = "the engine's own bug"
        raise ValueError(message)


class NeverResuming(Engine):
    async def resume_orders(self, *_: Any) -> None:
        await asyncio.Event().wait()


@pytest.mark.parametrize(("engine", "error"), [(Forgetful, "ValueError"), (NeverResuming, "TimeoutError")])
async def test_engine_that_does_not_take_its_orders_back_does_not_start(
    tmp_path: Path, engine: type[Engine], error: str
) -> None:
    async with open_desk() as desk:
        service = service_of(desk, engine(), tmp_path / "j")
        start = asyncio.create_task(service.start())
        with pytest.raises(FatalError, match=f"resume_orders raised {error}") as told:
            await service.wait_until_ready(60)

        assert await ended_with(start) is told.value
        assert service.state == Stopped(str(told.value))
        assert not desk.sim.connections


async def test_resume_orders_that_is_a_coroutine_function_ends_before_anything_is_told(tmp_path: Path) -> None:
    happened: list[object] = []

    class Resuming(Engine):
        async def resume_orders(self, *_: Any) -> None:
            await asyncio.sleep(5)
            happened.append("resumed")

        async def on_order_update(self, data: Any) -> None:
            happened.append(data["client_order_id"])

    async with open_desk() as desk:
        desk.sim.place_external(
            symbol=SYMBOL, side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="web"
        )
        async with service_of(desk, Resuming(), tmp_path / "j"):
            await asyncio.sleep(5)

    assert happened[0] == "resumed"


async def test_resume_orders_may_stop_the_service(tmp_path: Path) -> None:
    class Refusing(Engine):
        async def resume_orders(self, *_: Any) -> None:
            await asyncio.wait_for(service.stop(), 3)

    async with open_desk() as desk:
        service = service_of(desk, Refusing(), tmp_path / "j")
        start = asyncio.create_task(service.start())

        assert await ended_with(start, within_s=5) is None
        assert service.state == Stopped("")


async def test_stop_while_orders_are_given_back_waits_for_the_end(tmp_path: Path) -> None:
    class Slow(Engine):
        async def resume_orders(self, *_: Any) -> None:
            await asyncio.sleep(5)

    async with open_desk() as desk:
        service = service_of(desk, Slow(), tmp_path / "j")
        start = asyncio.create_task(service.start())
        await asyncio.sleep(1)
        with pytest.raises(RuntimeError, match="lives once"):
            await service.start()
        await service.stop()

        assert service.state == Stopped("")
        assert await ended_with(start) is None
