"""Streams carry an account's events, in every form in which clients open them."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from simulator import AccountSpec, BadFrameError, Profile, Simulator
from simulator.core.profile import UrlForm
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Wire

MATCH = ["TRADE_LITE", "ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
OTHER = AccountSpec(name="other", api_key="o" * 64, api_secret="s" * 64)

FORMS: list[tuple[str, bool, UrlForm]] = [
    ("/ws/{key}", False, "unrouted"),
    ("/stream?streams={key}", True, "unrouted"),
    ("/private/ws/{key}", False, "path"),
    ("/private/stream/{key}", True, "path"),
    ("/private/ws?listenKey={key}", False, "query"),
    ("/private/stream?listenKey={key}", True, "query"),
    (
        "/private/ws?listenKey={key}&events=ORDER_TRADE_UPDATE/TRADE_LITE/ACCOUNT_UPDATE",
        False,
        "query_events",
    ),
]


@pytest.mark.parametrize(("form", "wrapped", "_name"), FORMS)
async def test_every_form_carries_events_raw_or_wrapped(form: str, wrapped: bool, _name: str) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        stream = await wire.connect(form.format(key=key))
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        frames = [await stream.read() for _ in MATCH]

    assert all((frame.keys() == {"stream", "data"}) is wrapped for frame in frames)
    assert {frame.get("stream") for frame in frames} == {key if wrapped else None}
    assert [(frame.get("data") or frame)["e"] for frame in frames] == MATCH


@pytest.mark.parametrize(("form", "_wrapped", "name"), FORMS)
async def test_a_form_may_be_silent_and_still_connect(form: str, _wrapped: bool, name: UrlForm) -> None:
    async with Simulator(profile=Profile(silent_forms=frozenset({name}))) as simulator, Wire(simulator) as wire:
        stream = await wire.connect(form.format(key=await wire.listen_key()))
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.is_silent()


@pytest.mark.parametrize("path", ["/ws", "/stream", "/private/ws", "/private/stream"])
async def test_subscribing_by_key_with_a_string_id(path: str) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        stream = await wire.connect(path)

        assert await stream.ask(method="SUBSCRIBE", params=[key], id="a-uuid") == {"result": None, "id": "a-uuid"}
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        assert "ORDER_TRADE_UPDATE" in str(await stream.read())
        assert await stream.ask(method="LIST_SUBSCRIPTIONS", id=2) == {"result": [key], "id": 2}
        await stream.ask(method="UNSUBSCRIBE", params=[key], id=3)
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        assert await stream.is_silent()


async def test_events_are_filtered_by_name() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect(f"/private/ws?listenKey={await wire.listen_key()}&events=ACCOUNT_UPDATE")
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        simulator.expire_listen_key()

        assert await stream.read_names(1) == ["ACCOUNT_UPDATE"]
        assert await stream.is_silent()


async def test_one_connection_may_carry_two_accounts() -> None:
    accounts = (AccountSpec(), OTHER)
    async with Simulator(accounts=accounts) as simulator, Wire(simulator) as wire, Wire(simulator, OTHER) as other:
        keys = [await wire.listen_key(), await other.listen_key()]
        stream = await wire.connect(
            f"/private/stream?listenKey={keys[0]}&events=TRADE_LITE&listenKey={keys[1]}&events=TRADE_LITE"
        )
        await other.ask("POST", ORDER, **MARKET_ORDER)
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert [(await stream.read())["stream"] for _ in keys] == [keys[1], keys[0]]


async def test_every_connection_of_a_key_gets_every_event_in_order() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        streams = [await wire.stream() for _ in range(3)]
        assert len(simulator.connections) == 3
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert [await stream.read_names(4) for stream in streams] == [MATCH] * 3

    assert {entry.sockets for entry in simulator.journal.entries(kind="event")} == {3}


async def test_a_bogus_key_connects_and_stays_silent() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.listen_key()
        stream = await wire.connect("/private/ws/nobodysKey")
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.is_silent()


async def test_market_streams_connect_and_are_no_user_streams() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect("/public/ws/nonsuch@bookTicker")

        assert await stream.ask(method="LIST_SUBSCRIPTIONS", id=1) == {"result": ["nonsuch@bookTicker"], "id": 1}
        assert list(simulator.connections) == []
        (entry,) = simulator.journal.entries(kind="connection")
        assert (entry.summary, entry.event) == ("opened, public raw", "")


async def test_an_unknown_stream_path_is_refused() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        assert await wire.refusal("/nowhere") == 404


async def test_an_expired_key_is_announced_and_then_dead() -> None:
    async with Simulator(ping_interval_s=86_400) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        key = await wire.listen_key()
        await asyncio.sleep(3599)
        assert (await wire.send("PUT", "/fapi/v1/listenKey")).status == 200
        await asyncio.sleep(3601)

        expired = await stream.read()
        assert (expired["e"], expired["listenKey"]) == ("listenKeyExpired", key)
        assert (await wire.send("PUT", "/fapi/v1/listenKey")).body["code"] == -1125
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        assert await wire.listen_key() != key
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        assert await stream.is_silent()


@pytest.mark.parametrize(
    ("profile", "announced", "closed"),
    [
        (Profile(), True, False),
        (Profile(listen_key_expiry="announce_and_close"), True, True),
        (Profile(listen_key_expiry="silent"), False, False),
    ],
)
async def test_what_an_expiry_shows_is_the_profiles(profile: Profile, announced: bool, closed: bool) -> None:
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.expire_listen_key()

        if announced:
            assert await stream.read_names(1) == ["listenKeyExpired"]
        assert await stream.is_silent() is not closed
        assert len(simulator.connections) == (0 if closed else 1)


@pytest.mark.parametrize(
    ("profile", "frame"),
    [
        (Profile(), None),
        (Profile(delete_listen_key="announce"), aiohttp.WSMsgType.TEXT),
        (Profile(delete_listen_key="close"), aiohttp.WSMsgType.CLOSE),
    ],
)
async def test_what_deleting_a_key_shows_is_the_profiles(profile: Profile, frame: aiohttp.WSMsgType | None) -> None:
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        await wire.send("DELETE", "/fapi/v1/listenKey")

        if frame is None:
            assert await stream.is_silent()
        else:
            assert (await stream.frame()).type is frame


async def test_a_dropped_key_is_silent() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.drop_listen_key()
        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.is_silent()


async def test_a_silenced_connection_stays_open_and_delivers_nothing() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()

        assert simulator.silence_connections() == 1
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        simulator.push({"e": "ANYTHING"})
        assert await stream.is_silent()
        assert len(simulator.connections) == 1


async def test_connections_are_closed_with_a_code_or_cut_without_one() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        closed = await wire.stream()
        assert simulator.close_connections(1011, "internal") == 1
        cut = await wire.stream()
        assert simulator.cut_connections() == 1

        message = await closed.frame()
        assert (message.type, message.data, message.extra) == (aiohttp.WSMsgType.CLOSE, 1011, "internal")
        assert await cut.end() == 1006
        assert list(simulator.connections) == []


async def test_a_close_that_no_frame_can_carry_is_refused_and_closes_nothing() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.stream()

        with pytest.raises(BadFrameError, match="at most 123 bytes, got 200"):
            simulator.close_connections(reason="x" * 200)

        assert len(simulator.connections) == 1


async def test_user_data_does_not_come_on_the_roots_of_the_market() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.connect(f"/public/ws?listenKey={await wire.listen_key()}")

        await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.is_silent()


async def test_only_the_connections_of_the_account_are_cut() -> None:
    accounts = (AccountSpec(), OTHER)
    async with Simulator(accounts=accounts) as simulator, Wire(simulator) as wire, Wire(simulator, OTHER) as other:
        cut, stream = await wire.stream(), await other.stream()

        assert simulator.cut_connections(account="default") == 1
        assert await cut.end() == 1006
        await other.ask("POST", ORDER, **MARKET_ORDER)
        assert await stream.read_names(4) == MATCH


async def test_handshakes_are_refused_so_many_times() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.refuse_connections(times=2, status=429)
        target = f"/private/ws?listenKey={await wire.listen_key()}"
        assert [await wire.refusal(target) for _ in range(2)] == [429, 429]

        await wire.stream()


async def test_anything_can_be_pushed() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        raw = await wire.stream()
        combined = await wire.connect(f"/private/stream?listenKey={await wire.listen_key()}")
        simulator.push({"e": "BRAND_NEW"})
        simulator.push('{"e":"ORDER_TRADE_')
        simulator.push(b"\x00\x01")

        assert await raw.read() == {"e": "BRAND_NEW"}
        assert (await combined.read())["data"] == {"e": "BRAND_NEW"}
        for stream in (raw, combined):
            assert (await stream.frame()).data == '{"e":"ORDER_TRADE_'
            assert (await stream.frame()).data == b"\x00\x01"


async def test_a_binary_frame_of_the_client_is_ignored() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        await stream.send_bytes(b"\x00")

        assert (await stream.ask(method="GET_PROPERTY", params=["combined"], id=1))["result"] is False


async def test_control_messages_are_in_the_journal_with_masked_keys() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        key = await wire.listen_key()
        stream = await wire.connect("/private/ws")
        await stream.ask(method="SUBSCRIBE", params=[key], id=1)

    asked, answered = simulator.journal.entries(kind="frame")
    assert (asked.direction, answered.direction) == ("in", "out")
    assert key not in asked.summary
    assert f"{key[:4]}…" in asked.summary


@pytest.mark.parametrize("target", ["/ws/short", "/private/ws?listenKey=has%20space", "/private/stream?listenKey=x"])
async def test_a_listen_key_in_the_wrong_form_connects_as_on_binance_and_the_journal_says_so(target: str) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.connect(target)

        (entry,) = simulator.journal.entries(kind="connection")
        assert "nothing will ever come" in entry.summary


async def test_every_nth_user_stream_may_carry_nothing() -> None:
    async with Simulator(profile=Profile(every_nth_silent=2)) as simulator, Wire(simulator) as wire:
        streams = [await wire.stream() for _ in range(4)]
        await wire.ask("POST", ORDER, **LIMIT_ORDER)

        assert [await stream.is_silent() for stream in streams] == [False, True, False, True]


async def test_market_streams_reach_whoever_listens_on_a_url_of_their_class() -> None:
    async with Simulator(profile=Profile.production()) as simulator, Wire(simulator) as wire:
        paths = ("/public/ws", "/market/ws", "/ws", "/private/ws", "/public/stream")
        listening = {path: await wire.connect(path) for path in paths}
        for stream in listening.values():
            await stream.ask(method="SUBSCRIBE", params=["nonsuch@depth", "nonsuch@aggTrade"], id=1)
        streams = simulator._floor.streams  # noqa: SLF001  what makes market data stands on it

        assert set(streams.watched) == {"nonsuch@depth", "nonsuch@aggTrade"}
        assert streams.broadcast("nonsuch@depth", b'{"e":"depthUpdate"}') == 3
        assert streams.broadcast("nonsuch@aggTrade", b'{"e":"aggTrade"}') == 1
        assert await listening["/public/stream"].read() == {"stream": "nonsuch@depth", "data": {"e": "depthUpdate"}}
        assert await listening["/ws"].read() == {"e": "depthUpdate"}
        assert await listening["/market/ws"].read() == {"e": "aggTrade"}


async def test_what_nobody_listens_to_any_more_is_not_watched() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        streams = simulator._floor.streams  # noqa: SLF001  what makes market data stands on it
        seen: list[set[str]] = []
        streams.on_watched(lambda: seen.append(set(streams.watched)))
        first, second = [await wire.connect("/public/ws/btcusdt@depth") for _ in range(2)]
        await first.ask(method="UNSUBSCRIBE", params=["btcusdt@depth"], id=1)
        await second.close()
        await asyncio.sleep(1)

        assert seen == [{"btcusdt@depth"}, set()]


async def test_who_begins_to_listen_is_told_of_after_the_reply() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        streams = simulator._floor.streams  # noqa: SLF001  what makes market data stands on it
        streams.on_joined(lambda found, name: streams.whisper(found, name, b'{"e":"welcome"}'))
        stream = await wire.connect("/public/stream?streams=btcusdt@depth")

        assert await stream.read() == {"stream": "btcusdt@depth", "data": {"e": "welcome"}}
        assert await stream.ask(method="SUBSCRIBE", params=["ethusdt@depth", "btcusdt@depth"], id=1) == {
            "result": None,
            "id": 1,
        }
        assert (await stream.read())["stream"] == "ethusdt@depth"
        assert await stream.is_silent(10)
