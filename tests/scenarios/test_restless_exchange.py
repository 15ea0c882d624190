"""Events that are late, quirks of balances, clocks that step, keys that are revoked: rows 20 to 23."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from simulator import AccountSpec, Delay, Hold, Profile, Respond, Simulator
from tests.scenarios.desk import SYMBOL, Desk, live_desk, open_desk
from tests.scenarios.watching import filled_quantities, opened, silences, was_never_down
from user_stream import ApiKeyRefusedError, Settings, UserStreamService
from user_stream.core.events import AccountUpdate
from user_stream.core.lifecycle import GapOpened, Stopped
from user_stream.runtime.clock import LoopClock

# --- row 20: delayed, not lost ----------------------------------------------------------------------------------------


async def trade_while_the_stream_is_late(desk: Desk, for_s: float) -> None:
    """Fill an order and change the wallet, twenty times within this time."""
    for _ in range(20):
        desk.sim.fill("order", "0.001")
        desk.sim.transfer("USDT", "1")
        await asyncio.sleep(for_s / 20)


@pytest.mark.parametrize("seconds", [1, 5, 20, 60, 135, 300])
async def test_stream_that_is_late_and_then_comes_in_a_burst_loses_and_doubles_nothing(seconds: int) -> None:
    """Row 20: everything is held for so long, then comes at once; REST may have told it meanwhile."""
    async with live_desk() as desk:
        await desk.resting("order", quantity="0.050")
        await asyncio.sleep(100)
        rule = desk.sim.on_frame(Hold(), times=None)
        await trade_while_the_stream_is_late(desk, seconds)
        rule.release()
        desk.sim.fill("order", "0.030")
        await desk.until_state("order", "filled")
        await asyncio.sleep(150)

        assert len(filled_quantities(desk, "order")) == 21
        if seconds <= 5:
            was_never_down(desk)
        await desk.is_square()


@pytest.mark.parametrize("seconds", [2, 10, 40, 120])
async def test_stream_that_is_late_all_the_time_is_read_all_the_same(seconds: int) -> None:
    """Row 20: a backlog that does not shrink; whatever it is taken for, nothing is lost or doubled."""
    async with live_desk() as desk:
        await desk.resting("order", quantity="0.050")
        await asyncio.sleep(100)
        rule = desk.sim.on_frame(Delay(seconds), times=None)
        await trade_while_the_stream_is_late(desk, 400)
        rule.cancel()
        desk.sim.fill("order", "0.030")
        await desk.until_state("order", "filled")
        await asyncio.sleep(250)

        assert len(filled_quantities(desk, "order")) == 21
        await desk.is_square()


async def test_order_events_that_are_late_behind_account_events_are_no_false_alarm() -> None:
    """Row 20: only one type of event is late, by less than the grace."""
    async with live_desk() as desk:
        await desk.resting("order", quantity="0.050")
        await asyncio.sleep(100)
        desk.sim.on_frame(Delay(4), event="ORDER_TRADE_UPDATE", times=None)
        await trade_while_the_stream_is_late(desk, 200)
        await asyncio.sleep(100)

        was_never_down(desk)
        await desk.is_square()


# --- row 21: balances -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("positions", ["empty", "absent"])
@pytest.mark.parametrize("rate", ["0.0001", "-0.0003"])
async def test_funding_fee_without_positions_moves_the_balance_and_nothing_else(positions: str, rate: str) -> None:
    """Row 21: ACCOUNT_UPDATE with `P: []`, or with none; the position stays what it was."""
    profile = Profile(funding_positions=positions)  # type: ignore[arg-type]  # a parameter of the test
    sim = Simulator(accounts=(AccountSpec(balance="100000"),), profile=profile)
    async with live_desk(sim=sim, settings=Settings(comparison_interval_s=120)) as desk:
        await desk.orders.place_market_order(SYMBOL, "BUY", "0.100", client_order_id="opening")
        await desk.until_state("opening", "filled")
        before = desk.book.wallet_balance("USDT")
        for _ in range(3):
            desk.sim.funding(SYMBOL, rate)
            await asyncio.sleep(8 * 3600 / 10)

        fees = [event for event in desk.notices(AccountUpdate) if event.account.reason == "FUNDING_FEE"]
        assert len(fees) == 3
        assert (desk.book.wallet_balance("USDT") < before) == (Decimal(rate) > 0)
        assert desk.book.position_amount(SYMBOL) == Decimal("0.100")
        was_never_down(desk)
        await desk.is_square()


async def test_negative_balance_is_a_balance() -> None:
    """Row 21: seen on mainnet, -113.3."""
    async with live_desk() as desk:
        desk.sim.transfer("USDT", "-100113.3")
        await asyncio.sleep(100)
        assert desk.book.wallet_balance("USDT") == Decimal("-113.3")
        desk.sim.cut_connections()
        await desk.until_live(after_epoch=1)
        await asyncio.sleep(100)

        assert desk.book.wallet_balance("USDT") == Decimal("-113.3")
        await desk.is_square()


@pytest.mark.parametrize("in_a_gap", [False, True], ids=["live", "in a gap"])
async def test_asset_that_appears_and_is_spent_again_is_known_at_each_step(in_a_gap: bool) -> None:
    """Row 21."""
    async with live_desk() as desk:
        for amount, held in (("2.5", "2.5"), ("-2.5", "0")):
            epoch = desk.epoch
            if in_a_gap:
                desk.sim.cut_connections()
            desk.sim.transfer("BNB", amount)
            await asyncio.sleep(100)
            assert desk.book.wallet_balance("BNB") == Decimal(held)
            assert desk.epoch == epoch + in_a_gap
            await desk.is_square()


# --- row 22: clocks ---------------------------------------------------------------------------------------------------


class SteppingClock(LoopClock):
    """A wall clock that somebody sets while we run."""

    def __init__(self) -> None:
        super().__init__()
        self.step_ms = 0

    def time_ms(self) -> int:
        """Return what the wall clock shows since it was set."""
        return super().time_ms() + self.step_ms


@pytest.mark.parametrize("step_ms", [500, 1500, 5000, 7_200_000, -500, -1500, -6000, -7_200_000])
async def test_clock_that_steps_costs_no_connection_and_no_fill(step_ms: int) -> None:
    """Row 22: -1021 is answered by reading the exchange's clock once, and asking again."""
    async with open_desk() as desk:
        clock = SteppingClock()
        account = desk.sim.account
        async with UserStreamService(
            account.api_key,
            account.api_secret,
            desk.orders,
            desk.book,
            environment=desk.environment,
            clock=clock,
            settings=Settings(comparison_interval_s=60),
        ) as service:
            said: list[object] = []
            service.add_listener(said.append)
            await desk.resting("order")
            await asyncio.sleep(100)
            clock.step_ms = step_ms
            await asyncio.sleep(100)
            desk.sim.fill("order", "0.004")
            await asyncio.sleep(3600)
            desk.sim.cut_connections()
            desk.sim.fill("order", "0.006")
            await desk.until_state("order", "filled")
            await asyncio.sleep(150)

            assert len([item for item in said if isinstance(item, GapOpened)]) == 1
            assert opened(desk) == [1, 2]
            await desk.is_square()


async def test_clock_that_steps_to_and_fro_moves_no_watermark_beyond_the_exchanges_time() -> None:
    """Row 22, rule 14: a gap that begins in the future would never be read."""
    async with open_desk() as desk:
        clock = SteppingClock()
        account = desk.sim.account
        async with UserStreamService(
            account.api_key, account.api_secret, desk.orders, desk.book, environment=desk.environment, clock=clock
        ) as service:
            gaps: list[GapOpened] = []
            service.add_listener(lambda item: gaps.append(item) if isinstance(item, GapOpened) else None)
            await desk.resting("order", quantity="0.050")
            await asyncio.sleep(100)
            for step_ms in (4000, -4000, 900, 0):
                clock.step_ms = step_ms
                await asyncio.sleep(40)
                cut_at = desk.sim.time_ms
                desk.sim.cut_connections()
                desk.sim.fill("order", "0.010")
                await asyncio.sleep(120)
                assert gaps[-1].since <= cut_at
            desk.sim.fill("order", "0.010")
            await desk.until_state("order", "filled")

            assert len(filled_quantities(desk, "order")) == 5
            await desk.is_square()


# --- row 23: revoked --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/fapi/v1/openOrders", "/fapi/v3/positionRisk", "/fapi/v1/listenKey"])
async def test_key_that_is_revoked_in_mid_stream_stops_the_service_and_says_so(path: str) -> None:
    """Row 23: -2015 is no network failure: nothing is tried again, and the cause says what to do."""
    async with open_desk() as desk:
        running = asyncio.create_task(desk.service.start())
        await desk.until_live()
        await desk.resting("order")
        await asyncio.sleep(100)
        method = "PUT" if path.endswith("listenKey") else "GET"
        refusal = Respond(401, -2015, "Invalid API-key, IP, or permissions for action.")
        desk.sim.on_request(method, path, refusal, times=None)

        with pytest.raises(ApiKeyRefusedError):
            async with asyncio.timeout(1900):
                await running
        assert isinstance(desk.service.state, Stopped)
        asked = len(desk.sim.journal.entries(kind="request"))
        await asyncio.sleep(600)
        assert len(desk.sim.journal.entries(kind="request")) == asked
        assert desk.sim.connections == []
        assert silences(desk) == []
        desk.deliveries_are_lawful()
