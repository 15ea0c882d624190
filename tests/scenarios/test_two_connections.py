"""Two connections carry the stream at all times, and one of them may die: row 16, rules 21 and 27."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from decimal import Decimal

import pytest

from simulator import Delay
from tests.scenarios.desk import Desk, live_desk, open_desk
from tests.scenarios.watching import KEY, filled_quantities, opened, requests, was_never_down
from user_stream import MappedAccountUpdate, PositionBook, Settings, UserStreamService
from user_stream.core.lifecycle import ConnectionLost, GapOpened, GapRepaired, Live

TWO = Settings(connections=2)


def cut(desk: Desk, connection: int) -> None:
    desk.sim.cut_connections(connection=connection)


def close(desk: Desk, connection: int) -> None:
    desk.sim.close_connections(connection=connection)


def half_open(desk: Desk, connection: int) -> None:
    desk.sim.half_open_connections(connection=connection)


def silence(desk: Desk, connection: int) -> None:
    desk.sim.silence_connections(connection=connection, control="answered")


def lag(desk: Desk, connection: int) -> None:
    desk.sim.on_frame(Delay(3), connection=connection, times=None)


DEATHS: list[Callable[[Desk, int], None]] = [cut, close, half_open, silence, lag]


async def trade(desk: Desk, name: str, fills: int, draw: random.Random) -> None:
    """Fill an order bit by bit, with deposits between, at moments that a seed says."""
    for _ in range(fills):
        desk.sim.fill(name, "0.001")
        if draw.random() < 0.5:
            desk.sim.transfer("USDT", "1")
        await asyncio.sleep(draw.choice([0, 0.001, 0.05, 1, 7]))


@pytest.mark.seeds(2)
@pytest.mark.parametrize("connection", [1, 2])
@pytest.mark.parametrize("die", DEATHS)
async def test_one_connection_dies_while_fills_come_and_nothing_is_missed(
    die: Callable[[Desk, int], None], connection: int, seed: int
) -> None:
    """Rule 27: no gap is declared, no fill comes from REST, the service stays live."""
    draw = random.Random(seed)  # noqa: S311  a day must be the same each time
    async with live_desk(settings=TWO) as desk:
        await desk.resting("order", quantity="0.060")
        await asyncio.sleep(30 + draw.random())
        await trade(desk, "order", 20, draw)
        die(desk, connection)
        await trade(desk, "order", 40, draw)
        await asyncio.sleep(120)

        assert filled_quantities(desk, "order") == [Decimal("0.001")] * 60
        assert "rest" not in {source for _, quantity, source in desk.orders.told("order") if quantity != "0"}
        was_never_down(desk)
        assert len(opened(desk)) == (2 if die is lag else 3)
        await desk.is_square()


async def test_connection_that_died_is_named_and_replaced() -> None:
    """Rule 27."""
    async with live_desk(settings=TWO) as desk:
        await asyncio.sleep(30)
        desk.sim.cut_connections(connection=2)
        await asyncio.sleep(10)

        (lost,) = desk.notices(ConnectionLost)
        assert (lost.epoch, lost.cause) == (2, "connection lost: cut without a close frame")
        assert opened(desk) == [1, 2, 3]
        was_never_down(desk)


@pytest.mark.parametrize("die", DEATHS)
async def test_account_updates_come_in_their_order_when_the_connection_that_told_them_dies(
    die: Callable[[Desk, int], None],
) -> None:
    """Rule 21: many updates bear the same time; those of the survivor are told from where the other one ended."""
    async with open_desk(settings=TWO) as desk:
        balances: list[str] = []

        class Watching(PositionBook):
            def on_account_update(self, data: MappedAccountUpdate) -> None:
                balances.extend(balance["wallet_balance"] for balance in data["balances"])
                super().on_account_update(data)

        account = desk.sim.account
        async with UserStreamService(
            account.api_key, account.api_secret, desk.orders, Watching(), environment=desk.environment, settings=TWO
        ):
            await asyncio.sleep(30)
            for number in range(60):
                if number == 20:
                    die(desk, 1)
                desk.sim.transfer("USDT", "1")
                if number % 5 == 0:
                    await asyncio.sleep(2)
            await asyncio.sleep(120)

            seen = [Decimal(balance) for balance in dict.fromkeys(balances)]
            assert seen == [Decimal(100_000 + number) for number in range(61)]
            assert len(balances) == len(seen)


async def test_both_connections_die_and_the_gap_is_repaired() -> None:
    """Rows 4 and 16."""
    async with live_desk(settings=TWO) as desk:
        await desk.resting("order")
        await asyncio.sleep(30)
        desk.sim.cut_connections()
        desk.sim.fill("order", "0.004")
        await desk.until(lambda: isinstance(desk.service.state, Live) and desk.service.state.epoch > 2)
        desk.sim.fill("order", "0.006")
        await desk.until_state("order", "filled")
        await asyncio.sleep(120)

        assert len(desk.notices(GapOpened)) == 1
        assert [repaired.provisional for repaired in desk.notices(GapRepaired)] == [True, False]
        assert len(desk.sim.connections) == 2
        await desk.is_square()


@pytest.mark.parametrize("pause", [0.01, 0.5, 1.0, 1.5, 3.0])
async def test_second_connection_dies_while_the_first_is_being_replaced(pause: float) -> None:
    """Rule 27: the survivor covers only since its own proof."""
    async with live_desk(settings=TWO) as desk:
        await desk.resting("order", quantity="0.060")
        await asyncio.sleep(30)
        desk.sim.cut_connections(connection=1)
        desk.sim.fill("order", "0.010")
        await asyncio.sleep(pause)
        desk.sim.fill("order", "0.010")
        desk.sim.cut_connections(connection=2)
        desk.sim.fill("order", "0.010")
        await asyncio.sleep(120)
        desk.sim.fill("order", "0.030")
        await desk.until_state("order", "filled")

        assert len(filled_quantities(desk, "order")) == 4
        await desk.is_square()


@pytest.mark.parametrize("announce", [True, False], ids=["announced", "unannounced"])
async def test_key_that_dies_for_both_makes_one_new_key_and_replaces_each_once(announce: bool) -> None:
    """Rules 26 and 27, row 16."""
    async with live_desk(settings=TWO) as desk:
        await desk.resting("order")
        await asyncio.sleep(30)
        desk.sim.expire_listen_key(announce=announce)
        desk.sim.fill("order", "0.010")
        await desk.until_state("order", "filled")
        await asyncio.sleep(2000)

        assert opened(desk) == [1, 2, 3, 4]
        answers = desk.sim.journal.entries(kind="response", method="POST", path=KEY)
        assert len({entry.body["listenKey"] for entry in answers}) == 2
        assert len(desk.notices(GapOpened)) == 1
        assert len(desk.sim.connections) == 2
        assert requests(desk, "DELETE", KEY) == []
        await desk.is_square()


async def test_both_are_silent_and_that_is_noticed() -> None:
    """Rules 25 and 27: they may both be dead; only REST can tell."""
    async with live_desk(settings=TWO) as desk:
        await desk.resting("order")
        await asyncio.sleep(100)
        desk.sim.silence_connections(control="answered")
        await asyncio.sleep(10)
        changed_at = asyncio.get_running_loop().time()
        desk.sim.fill("order", "0.010")
        await desk.until(lambda: desk.notices(GapOpened))

        assert asyncio.get_running_loop().time() - changed_at <= 36
        await desk.until_state("order", "filled")
        await asyncio.sleep(120)
        await desk.is_square()
