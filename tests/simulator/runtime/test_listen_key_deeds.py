"""A listen key ends aloud or silently, is announced twice, and is replaced by another process (rows 1 and 16)."""

from __future__ import annotations

import pytest

from simulator import AccountSpec, ApiKey, NoListenKeyError, Profile, Simulator
from tests.simulator.runtime.wire import MARKET_ORDER, ORDER, Wire

LISTEN_KEY = "/fapi/v1/listenKey"


@pytest.mark.parametrize("expiry", ["announce", "silent"])
async def test_row_1_whether_an_expiry_is_announced_is_the_callers_choice(expiry: str) -> None:
    profile = Profile(listen_key_expiry=expiry)  # type: ignore[arg-type]  # one of its two words
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.expire_listen_key(announce=True)
        aloud = await stream.read_names(1)
        stream = await wire.stream()
        simulator.expire_listen_key(announce=False)

        assert aloud == ["listenKeyExpired"]
        assert await stream.is_silent()
        assert (await wire.send("PUT", LISTEN_KEY)).body["code"] == -1125


async def test_row_1_an_expiry_may_be_announced_twice_a_few_ms_apart() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.expire_listen_key(twice_after_ms=14)

        first, second = await stream.read(), await stream.read()

    assert first["e"] == second["e"] == "listenKeyExpired"
    assert first["listenKey"] == second["listenKey"]
    assert second["E"] - first["E"] == 14


async def test_row_1_the_second_announcement_goes_to_the_dead_key_although_a_new_one_lives() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        old = await wire.stream()
        simulator.expire_listen_key(twice_after_ms=50)
        new = await wire.stream()

        assert await old.read_names(2) == ["listenKeyExpired", "listenKeyExpired"]
        assert await new.is_silent()


async def test_row_1_the_event_time_of_an_expiry_may_be_a_text() -> None:
    profile = Profile(listen_key_expiry_time="text")
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.expire_listen_key()

        assert (await stream.read())["E"] == str(simulator.time_ms)


async def test_row_16_another_process_replaces_the_key_and_the_old_sockets_stay_silent() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        old = await wire.listen_key()
        stream = await wire.connect(f"/private/ws?listenKey={old}")
        simulator.replace_listen_key()

        extended = (await wire.send("PUT", LISTEN_KEY)).body["listenKey"]
        created = await wire.listen_key()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert extended == created != old
        assert await stream.is_silent()


async def test_a_reset_takes_back_the_second_announcement() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.stream()
        simulator.expire_listen_key(twice_after_ms=50)
        simulator.reset()
        stream = await wire.stream()

        assert await stream.is_silent()


async def test_a_key_that_does_not_live_cannot_be_replaced() -> None:
    async with Simulator() as simulator:
        with pytest.raises(NoListenKeyError):
            simulator.replace_listen_key()


@pytest.mark.parametrize("scope", ["account", "api_key"])
async def test_the_keys_of_an_account_share_a_listen_key_or_have_their_own(scope: str) -> None:
    more = ApiKey(api_key="m" * 64, api_secret="n" * 64)
    account = AccountSpec(more_keys=(more,))
    profile = Profile(listen_key_scope=scope)  # type: ignore[arg-type]  # one of its two words
    with_more = AccountSpec(api_key=more.api_key, api_secret=more.api_secret)
    async with (
        Simulator(accounts=(account,), profile=profile) as simulator,
        Wire(simulator) as wire,
        Wire(simulator, with_more) as other,
    ):
        streams = [await wire.stream(), await other.stream()]
        same = await wire.listen_key() == await other.listen_key()
        await other.ask("POST", ORDER, **MARKET_ORDER)
        told = [await stream.read_names(1) for stream in streams]
        await other.send("DELETE", LISTEN_KEY)
        left = (await wire.send("PUT", LISTEN_KEY)).status

    assert same is (scope == "account")
    assert told == [["TRADE_LITE"]] * 2
    assert left == (400 if same else 200)
