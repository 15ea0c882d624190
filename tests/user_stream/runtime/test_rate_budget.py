"""Row 17: recoveries share one allowance and wait for it, nothing else does, and a ban stops everybody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from tests.user_stream.runtime.standin import NOON_MS, Standin, refusal, standin
from user_stream import Settings
from user_stream.errors import RateLimitedError
from user_stream.runtime.binance_rest import BinanceRest

BALANCE, OPEN_ORDERS, ORDER = "/fapi/v3/balance", "/fapi/v1/openOrders", "/fapi/v1/order"
TIGHT = Settings(recovery_weight_per_minute=100)


@asynccontextmanager
async def two_clients(settings: Settings = TIGHT) -> AsyncIterator[tuple[Standin, BinanceRest, BinanceRest]]:
    """Open a service's and an order manager's way to one exchange, at noon, under one allowance."""
    async with standin() as exchange:
        exchange.says(OPEN_ORDERS, [])
        exchange.says(BALANCE, [])
        exchange.says(ORDER, {})
        exchange.says("/fapi/v1/listenKey", {"listenKey": "k" * 64})
        first = exchange.rest(settings=settings)
        second = exchange.rest(settings=settings, rate_limit=first.rate_limit)
        try:
            yield exchange, first, second
        finally:
            await first.close()
            await second.close()


async def test_recoveries_wait_for_the_next_minute_when_their_part_is_used_up() -> None:
    async with two_clients() as (exchange, rest, _):
        for _ in range(5):
            await rest.open_orders()

    assert exchange.times(OPEN_ORDERS) == [0, 0, 60, 60, 120]


async def test_the_exchanges_count_is_the_truth_for_it_holds_what_other_processes_used() -> None:
    async with two_clients() as (exchange, rest, _):
        exchange.says(BALANCE, [], X_MBX_USED_WEIGHT_1M="97")
        for _ in range(2):
            await rest.balances()

        assert exchange.times(BALANCE) == [0, 60]
        assert rest.rate_limit.used_weight == 97
        assert rest.rate_limit.waits == 1


async def test_whoever_shares_the_allowance_waits_for_it() -> None:
    async with two_clients() as (exchange, one, other):
        await asyncio.gather(one.open_orders(), other.open_orders(), one.open_orders(), other.open_orders())

    assert exchange.times(OPEN_ORDERS) == [0, 0, 60, 60]


async def test_orders_cancels_and_the_listen_key_never_wait() -> None:
    async with two_clients() as (exchange, rest, other):
        exchange.says(BALANCE, [], X_MBX_USED_WEIGHT_1M="2300")
        await rest.balances()
        waiting = asyncio.create_task(rest.balances())
        await asyncio.sleep(1)

        await other.place_order({"symbol": "BTCUSDT"})
        await other.cancel_order("BTCUSDT", "x")
        await other.extend_listen_key()
        assert exchange.times(ORDER) == [1, 1]
        assert exchange.times("/fapi/v1/listenKey") == [1]

        await waiting
        assert exchange.times(BALANCE) == [0, 60]


async def test_a_request_that_waited_is_signed_when_it_leaves() -> None:
    async with two_clients() as (exchange, rest, _):
        for _ in range(3):
            await rest.open_orders()

    assert [int(query["timestamp"]) - NOON_MS for query in exchange.asked(OPEN_ORDERS)][-1] == 60_000


async def test_a_recovery_that_weighs_more_than_its_part_is_slow_but_not_stuck() -> None:
    """A part of 20 holds no question about all open orders; after a minute without room it is asked all the same."""
    async with two_clients(Settings(recovery_weight_per_minute=20)) as (exchange, rest, _):
        await rest.open_orders()
        await rest.open_orders()

    assert exchange.times(OPEN_ORDERS) == [60, 120]


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        (lambda: refusal(429, -1003, "Too many requests.", Retry_After="30"), 30),
        (lambda: refusal(418, -1003, f"Way too many requests; IP banned until {NOON_MS + 90_000}."), 91),
        (lambda: refusal(429, -1003, "Too many requests."), 60),
        (lambda: web.Response(status=418, text="<html>", content_type="text/html"), 60),
    ],
    ids=["Retry-After", "banned until", "neither", "no JSON"],
)
async def test_a_limit_stops_everybody_until_its_end(answer: object, seconds: int) -> None:
    async with two_clients() as (exchange, rest, other):
        await other.synchronize_clock()
        exchange.answers[BALANCE] = lambda _: answer()  # type: ignore[operator]  # a lambda, each time a new response
        with pytest.raises(RateLimitedError):
            await rest.balances()
        exchange.says(BALANCE, [])

        for request in (rest.balances, other.open_orders, other.extend_listen_key, lambda: other.place_order({})):
            with pytest.raises(RateLimitedError) as refused:
                await request()
            assert refused.value.retry_after_s == pytest.approx(seconds, abs=0.1)
        await asyncio.sleep(seconds - 1)
        with pytest.raises(RateLimitedError):
            await other.open_orders()
        await asyncio.sleep(1)
        await other.open_orders()

    assert [path for _, _, path, _ in exchange.seen] == [BALANCE, OPEN_ORDERS]


async def test_whoever_waits_for_room_hears_of_a_ban_instead() -> None:
    async with two_clients() as (exchange, rest, other):
        exchange.says(BALANCE, [], X_MBX_USED_WEIGHT_1M="100")
        await rest.balances()
        waiting = asyncio.create_task(rest.balances())
        await asyncio.sleep(1)
        exchange.answers[ORDER] = lambda _: refusal(418, -1003, "banned", Retry_After="120")
        with pytest.raises(RateLimitedError):
            await other.cancel_order("BTCUSDT", "x")

        with pytest.raises(RateLimitedError):
            await waiting

    assert exchange.times(BALANCE) == [0]


async def test_too_many_orders_stop_new_orders_and_nothing_else() -> None:
    async with two_clients() as (exchange, rest, other):
        exchange.answers[ORDER] = lambda _: refusal(429, -1015, "Too many new orders.", Retry_After="10")
        with pytest.raises(RateLimitedError):
            await other.place_order({"symbol": "BTCUSDT"})
        exchange.says(ORDER, {})
        with pytest.raises(RateLimitedError):
            await other.place_order({"symbol": "BTCUSDT"})
        await other.cancel_order("BTCUSDT", "x")
        await rest.balances()
        await asyncio.sleep(10)
        await other.place_order({"symbol": "BTCUSDT"})

    assert [method for _, method, path, _ in exchange.seen if path == ORDER] == ["POST", "DELETE", "POST"]


async def test_a_wait_that_is_cancelled_lets_the_next_one_through() -> None:
    async with two_clients() as (exchange, rest, other):
        exchange.says(BALANCE, [], X_MBX_USED_WEIGHT_1M="97")
        await rest.balances()
        given_up = asyncio.create_task(rest.open_orders())
        await asyncio.sleep(1)
        given_up.cancel()

        await other.balances()

    assert exchange.times(BALANCE) == [0, 60]
    assert exchange.times(OPEN_ORDERS) == []


async def test_an_allowance_shows_no_secret() -> None:
    async with two_clients() as (_, rest, _other):
        assert repr(rest.rate_limit) == "RateLimit(0 used, 100 a minute for recoveries)"


async def test_two_clients_may_come_together_while_one_is_asking() -> None:
    async with two_clients() as (exchange, rest, _):
        late = exchange.rest(settings=TIGHT)
        await late.synchronize_clock()
        under_way = asyncio.create_task(late.open_orders())
        await asyncio.sleep(0)

        late.share(rest.rate_limit)
        await under_way
        for _ in range(3):
            await late.open_orders()
        await late.close()

    assert exchange.times(OPEN_ORDERS) == [0, 0, 0, 60]
