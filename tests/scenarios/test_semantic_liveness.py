"""A connection that accepted the handshake and says nothing is noticed, and only such a one: rows 5 and 7, rule 25."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal

import pytest

from simulator import AccountSpec, Delay, Profile, Simulator, SimulatorError
from tests.scenarios.desk import SYMBOL, Desk, live_desk
from tests.scenarios.watching import filled_quantities, opened, silences, was_never_down
from user_stream import Settings
from user_stream.core.events import PRIVATE_EVENTS
from user_stream.core.lifecycle import GapOpened
from user_stream.settings import StreamUrlForm

BOUND_S = Settings().comparison_interval_s + Settings().comparison_grace_s + 1.0
"""The stated one: interval, grace, and one request."""

# --- what happens on the account --------------------------------------------------------------------------------------


def order_of_another_client(desk: Desk) -> None:
    desk.sim.place_external(
        symbol="ETHUSDT", side="BUY", type="LIMIT", quantity="1", price="3000", client_order_id="web_new"
    )


def fill(desk: Desk) -> None:
    desk.sim.fill("resting", "0.004")


def cancel(desk: Desk) -> None:
    desk.sim.cancel("resting")


def deposit(desk: Desk) -> None:
    desk.sim.transfer("USDT", "25")


def deposit_of_another_asset(desk: Desk) -> None:
    desk.sim.transfer("BNB", "1")


def position_adjusted(desk: Desk) -> None:
    desk.sim.adjust_position(SYMBOL, "0.050", "61000")


def position_opened_elsewhere(desk: Desk) -> None:
    desk.sim.place_external(symbol="ETHUSDT", side="SELL", type="MARKET", quantity="1", client_order_id="web_sell")


def position_closed_elsewhere(desk: Desk) -> None:
    desk.sim.place_external(symbol=SYMBOL, side="SELL", type="MARKET", quantity="0.020", client_order_id="web_close")


CHANGES: list[Callable[[Desk], None]] = [
    order_of_another_client,
    fill,
    cancel,
    deposit,
    deposit_of_another_asset,
    position_adjusted,
    position_opened_elsewhere,
    position_closed_elsewhere,
]

# --- how a stream falls silent ----------------------------------------------------------------------------------------


def dead_key(desk: Desk) -> None:
    desk.sim.drop_listen_key()


def silent_socket(desk: Desk) -> None:
    desk.sim.silence_connections(control="answered")


def half_open(desk: Desk) -> None:
    desk.sim.half_open_connections()


SILENCES: list[Callable[[Desk], None]] = [dead_key, silent_socket, half_open]


async def with_a_past(desk: Desk) -> None:
    """Trade a little, so that there is a position, an order that rests, and balances that moved."""
    await desk.resting("resting")
    await desk.orders.place_market_order(SYMBOL, "BUY", "0.020", client_order_id="opening")
    await desk.until_state("opening", "filled")


async def is_noticed_and_healed(desk: Desk, change: Callable[[Desk], None], *, gaps_before: int = 0) -> None:
    """Change the account; the silence is noticed within the bound; in the end all is square."""
    change(desk)
    changed_at = asyncio.get_running_loop().time()
    await desk.until(lambda: len(desk.notices(GapOpened)) > gaps_before, within_s=3600)
    assert asyncio.get_running_loop().time() - changed_at <= BOUND_S
    await asyncio.sleep(150)
    await desk.is_square()


@pytest.mark.parametrize("fall_silent", SILENCES)
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.no_cover
async def test_stream_that_fell_silent_is_noticed_at_the_first_change(
    change: Callable[[Desk], None], fall_silent: Callable[[Desk], None]
) -> None:
    """Row 7 and rule 25: within interval and grace of the first change that REST shows, whatever it is."""
    async with live_desk() as desk:
        await with_a_past(desk)
        await asyncio.sleep(100)
        fall_silent(desk)
        await asyncio.sleep(3)
        await is_noticed_and_healed(desk, change)


@pytest.mark.parametrize("change", [order_of_another_client, deposit, position_opened_elsewhere])
async def test_stream_that_was_silent_from_the_first_moment_is_noticed_at_the_first_change(
    change: Callable[[Desk], None],
) -> None:
    """Rows 5 and 7: on an account that has no past, nothing was ever told."""
    async with live_desk() as desk:
        desk.sim.silence_connections(control="answered")
        await asyncio.sleep(100)
        await is_noticed_and_healed(desk, change)


async def test_stream_that_falls_silent_again_and_again_is_noticed_each_time() -> None:
    """Row 7: the state is never called live for longer than the bound while the account is ahead of us."""
    async with live_desk() as desk:
        await with_a_past(desk)
        for gaps in range(4):
            await asyncio.sleep(100)
            desk.sim.silence_connections(control="answered")
            await is_noticed_and_healed(desk, deposit, gaps_before=gaps)

        assert len(silences(desk)) == 4


async def test_retired_address_is_noticed_at_the_first_change_and_the_account_is_known_all_the_same() -> None:
    """Row 5: since the split of 2026-04-23 the old address connects, answers pings, and never carries anything."""
    sim = Simulator(accounts=(AccountSpec(balance="100000"),), profile=Profile(silent_forms=frozenset({"unrouted"})))
    async with live_desk(sim=sim, settings=Settings(url_form=StreamUrlForm.LEGACY_PATH)) as desk:
        await asyncio.sleep(100)
        assert desk.notices(GapOpened) == []
        await is_noticed_and_healed(desk, order_of_another_client)
        await is_noticed_and_healed(desk, deposit, gaps_before=len(desk.notices(GapOpened)))
        assert silences(desk) == desk.notices(GapOpened)


@pytest.mark.parametrize("change", [order_of_another_client, cancel])
async def test_filter_that_leaves_out_order_events_is_noticed_at_the_first_order(
    change: Callable[[Desk], None],
) -> None:
    """Row 5: `events=` names what is sent; all else comes and the connection looks proven."""
    events = tuple(name for name in PRIVATE_EVENTS if name != "ORDER_TRADE_UPDATE")
    async with live_desk(settings=Settings(events=events)) as desk:
        await asyncio.sleep(1)
        await desk.orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id="resting")
        await asyncio.sleep(100)
        assert len(silences(desk)) == 1
        desk.sim.transfer("USDT", "1")
        await asyncio.sleep(100)
        await is_noticed_and_healed(desk, change, gaps_before=len(desk.notices(GapOpened)))


async def test_filter_that_leaves_out_account_events_is_noticed_at_the_first_deposit() -> None:
    """Row 5."""
    events = tuple(name for name in PRIVATE_EVENTS if name != "ACCOUNT_UPDATE")
    async with live_desk(settings=Settings(events=events)) as desk:
        await desk.resting("resting")
        await asyncio.sleep(100)
        assert desk.notices(GapOpened) == []
        await is_noticed_and_healed(desk, deposit)


# --- no false alarm ---------------------------------------------------------------------------------------------------


class Market:
    """Trades for some minutes, at moments that a seed says."""

    def __init__(self, desk: Desk, seed: int) -> None:
        self.desk = desk
        self.draw = random.Random(seed)  # noqa: S311  a market must be the same each time
        self.names: list[str] = []

    async def pass_by(self, happenings: int) -> None:
        for _ in range(happenings):
            with suppress(SimulatorError):  # the order has ended already
                await self._happen()
            await asyncio.sleep(self.draw.choice([0, 0.003, 0.2, 1, 4, 9]))

    async def _happen(self) -> None:
        sim, draw, orders = self.desk.sim, self.draw, self.desk.orders
        match draw.randrange(6):
            case 0 | 1:
                name = f"o-{len(self.names)}"
                self.names.append(name)
                await orders.place_limit_order(SYMBOL, "BUY", "0.010", "60000", client_order_id=name)
            case 2 if self.names:
                sim.fill(draw.choice(self.names), draw.choice(["0.001", "0.004"]))
            case 3 if self.names:
                sim.cancel(draw.choice(self.names))
            case 4:
                await orders.place_market_order("ETHUSDT", draw.choice(["BUY", "SELL"]), "0.1")
            case _:
                sim.transfer("USDT", str(draw.randint(1, 9)))


@pytest.mark.seeds(3)
@pytest.mark.parametrize("replicas", ["one", "alternating"])
async def test_rest_that_lags_is_not_taken_for_a_stream_that_is_silent(replicas: str, seed: int) -> None:
    """Row 6 and rule 25: orders 40 s late, positions and balances 5 s, one database or two in turn; heavy trading."""
    async with live_desk() as desk:
        desk.sim.rest_lag(orders_s=39.9, account_s=4.9, replicas=replicas)  # type: ignore[arg-type]  # a parameter of the test
        await Market(desk, seed).pass_by(150)

        was_never_down(desk)
        desk.sim.rest_lag()
        await asyncio.sleep(150)
        was_never_down(desk)
        await desk.is_square()


@pytest.mark.seeds(2)
async def test_heavy_trading_on_a_fresh_rest_raises_no_alarm(seed: int) -> None:
    """Row 7: an event and an answer pass each other on the way all the time."""
    async with live_desk(settings=Settings(comparison_interval_s=2.0, comparison_grace_s=1.0)) as desk:
        await Market(desk, seed).pass_by(150)
        await asyncio.sleep(150)

        assert opened(desk) == [1]
        was_never_down(desk)
        await desk.is_square()


async def test_fill_that_the_stream_tells_within_the_grace_is_no_silence() -> None:
    """Rule 25: REST may be faster than the stream, by some seconds."""
    async with live_desk() as desk:
        await desk.resting("resting")
        desk.sim.on_frame(Delay(4), times=None)
        for _ in range(10):
            desk.sim.fill("resting", "0.001")
            desk.sim.transfer("USDT", "1")
            await asyncio.sleep(29.3)

        assert len(filled_quantities(desk, "resting")) == 10
        assert desk.book.position_amount(SYMBOL) == Decimal("0.010")
        was_never_down(desk)
        await desk.is_square()


async def test_comparison_that_takes_long_does_not_put_the_next_one_off() -> None:
    """The bound counts from question to question."""
    async with live_desk() as desk:
        await asyncio.sleep(100)  # until nothing is left to confirm
        desk.sim.on_request("GET", "/fapi/v1/openOrders", Delay(4), times=None)
        await asyncio.sleep(150)

        asked = desk.sim.journal.entries(kind="request", path="/fapi/v1/openOrders")[-4:]
        times = [round(entry.time_ms / 1000) for entry in asked]
        assert [later - earlier for earlier, later in itertools.pairwise(times)] == [30, 30, 30]


@pytest.mark.parametrize("confirmed_after_s", [7, 20, 30])
async def test_silence_is_noticed_though_a_confirming_pass_has_told_the_fill_meanwhile(confirmed_after_s: int) -> None:
    """Rules 22 and 25: what the pass read of a position that an event had touched, it did not tell."""
    async with live_desk() as desk:
        await with_a_past(desk)
        desk.sim.cut_connections()
        await desk.until_live(desk.epoch)
        await asyncio.sleep(1)
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.010", client_order_id="touches")
        await asyncio.sleep(Settings().rest_lag_s - confirmed_after_s - 2)
        desk.sim.drop_listen_key()
        await is_noticed_and_healed(desk, fill, gaps_before=1)
