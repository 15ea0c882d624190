"""One connection's life, used alone; and the mappers under their old names."""

from __future__ import annotations

import asyncio
import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from simulator import Simulator
from user_stream import BinanceWebsocket, Environment, Settings, StreamHandlers
from user_stream.core.decode import DecodeError
from user_stream.core.events import AccountUpdate, OrderTradeUpdate, TradeLite
from user_stream.errors import ConnectionLostError, ListenKeyLostError
from user_stream.runtime.binance_websocket import foremost_error

EVENTS = Path(__file__).parents[3] / "fixtures" / "events"


def fixture(name: str) -> dict[str, Any]:
    message: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text())
    return message


def websocket(sim: Simulator, **handlers: Any) -> BinanceWebsocket:
    return BinanceWebsocket(
        sim.account.api_key,
        sim.account.api_secret,
        environment=Environment.simulator(sim.rest_url, sim.ws_url),
        settings=Settings(),
        handlers=StreamHandlers(**handlers),
    )


async def test_connection_delivers_typed_events_until_it_is_lost() -> None:
    events: list[object] = []
    async with Simulator() as sim:
        stream = websocket(
            sim, on_order_trade_update=events.append, on_trade_lite=events.append, on_account_update=events.append
        )
        running = asyncio.create_task(stream.start())
        await asyncio.sleep(1)
        sim.place_external(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010", client_order_id="x")
        await asyncio.sleep(1)
        sim.cut_connections()
        with pytest.raises(ConnectionLostError):
            await running
        await stream.close()

    assert [type(event) for event in events] == [TradeLite, OrderTradeUpdate, AccountUpdate, OrderTradeUpdate]


async def test_frames_wait_until_the_state_is_initialised() -> None:
    story: list[str] = []
    async with Simulator() as sim:

        async def init_state() -> None:
            sim.place_external(symbol="BTCUSDT", side="BUY", type="LIMIT", quantity="0.010", price="60000")
            await asyncio.sleep(5)
            story.append("state")

        stream = websocket(
            sim,
            init_state=init_state,
            on_order_trade_update=lambda _: story.append("event"),
            on_live=lambda: story.append("live"),
        )
        running = asyncio.create_task(stream.start())
        await asyncio.sleep(10)
        running.cancel()
        await asyncio.wait([running])
        await stream.close()

    assert story == ["state", "event", "live"]


async def test_deleted_key_is_gone_for_everybody() -> None:
    async with Simulator() as sim:
        stream = websocket(sim)
        await stream.create_listen_key()
        await stream.keep_alive_listen_key()

        await stream.delete_listen_key()

        with pytest.raises(ListenKeyLostError, match="-1125"):
            await stream.keep_alive_listen_key()
        await stream.close()


async def test_state_that_cannot_be_read_ends_the_connection_with_its_error() -> None:
    async with Simulator() as sim:

        async def fail() -> None:
            raise ListenKeyLostError("for the test")

        stream = websocket(sim, init_state=fail)
        with pytest.raises(ListenKeyLostError, match="for the test"):
            await stream.start()
        await stream.close()
        await asyncio.sleep(1)

        assert len(sim.connections) == 0


def test_bug_outranks_every_failure_of_the_connection() -> None:
    bug = KeyError("a bug")
    group = BaseExceptionGroup("", [ConnectionLostError("x"), BaseExceptionGroup("", [bug, ListenKeyLostError("y")])])

    assert foremost_error(group) is bug


def test_mappers_take_parsed_messages_and_wrapped_events_alike() -> None:
    order = BinanceWebsocket.map_order_data_ws(fixture("order_trade_update_filled"))
    lite = BinanceWebsocket.map_order_data_lite_ws(fixture("trade_lite_live"))
    account = BinanceWebsocket.map_position_data_ws(fixture("account_update_order_live"))

    assert (order["order_status"], order["source"]) == ("FILLED", "stream")
    assert (lite["order_status"], lite["source"], lite["last_filled_qty"]) == ("", "trade_lite", "0.10")
    assert (account["reason"], account["positions"][0]["position_amount"]) == ("ORDER", "0.1")


def test_mapper_refuses_another_event_by_name() -> None:
    with pytest.raises(DecodeError, match="expected TradeLite, got OrderTradeUpdate"):
        BinanceWebsocket.map_order_data_lite_ws(fixture("order_trade_update_filled"))


@pytest.mark.parametrize(
    ("wire", "mapped"), [("NEW", "NEW"), ("CANCELED", "CANCELED"), ("EXPIRED_IN_MATCH", "EXPIRED_IN_MATCH")]
)
def test_statuses_keep_the_wires_names(wire: str, mapped: str) -> None:
    assert BinanceWebsocket._map_order_status(wire) == mapped  # noqa: SLF001  a name that engines call


def test_status_that_nobody_knows_is_derived_from_the_quantities() -> None:
    assert BinanceWebsocket._map_order_status("NEW_ADL", "1", "1") == "FILLED"  # noqa: SLF001  a name that engines call


@pytest.mark.parametrize(
    "name",
    [
        "create_listen_key",
        "keep_alive_listen_key",
        "delete_listen_key",
        "start",
        "init_state",
        "handle_messages",
        "keepalive_listen_key_async",
        "handle_order_trade_update",
        "handle_account_update",
        "handle_trade_lite_update",
    ],
)
def test_what_does_io_is_a_coroutine_function_under_its_old_name(name: str) -> None:
    assert inspect.iscoroutinefunction(getattr(BinanceWebsocket, name))


async def test_message_handed_in_by_name_reaches_its_callback() -> None:
    heard: list[object] = []
    stream = BinanceWebsocket(
        "k",
        "s",
        environment=Environment.SIMULATOR,
        handlers=StreamHandlers(
            on_order_trade_update=heard.append, on_trade_lite=heard.append, on_account_update=heard.append
        ),
    )

    await stream.handle_order_trade_update(fixture("order_trade_update_filled"))
    await stream.handle_trade_lite_update(fixture("trade_lite_live"))
    await stream.handle_account_update(fixture("account_update_order_live"))

    assert [type(event) for event in heard] == [OrderTradeUpdate, TradeLite, AccountUpdate]
