"""The simulator as an object: its life, and what only the exchange can do."""

from __future__ import annotations

import asyncio
import socket

import pytest

from simulator import (
    AccountSpec,
    BadAmountError,
    JournalEntry,
    NoListenKeyError,
    NotRunningError,
    PortInUseError,
    Respond,
    Simulator,
    UnknownAccountError,
    UnknownOrderError,
    UnknownSymbolError,
    VenueError,
    synthetic_symbols,
)
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Wire


async def test_it_listens_on_a_free_port_of_this_machine() -> None:
    async with Simulator() as simulator, Simulator() as other:
        assert simulator.rest_url == f"http://127.0.0.1:{simulator.port}"
        assert simulator.ws_url == f"ws://127.0.0.1:{simulator.port}"
        assert simulator.port != other.port != 0


async def test_a_port_in_use_is_one_clear_error_and_leaves_nothing_behind() -> None:
    async with Simulator() as simulator:
        rival = Simulator(port=simulator.port)
        with pytest.raises(PortInUseError, match=f"port {simulator.port} on 127.0.0.1 is in use") as refused:
            await rival.start()

        assert "\n" not in str(refused.value)
        await rival.stop()


async def test_the_port_is_free_again_after_the_stop() -> None:
    async with Simulator() as simulator:
        port = simulator.port

    with socket.socket() as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        free.bind(("127.0.0.1", port))


async def test_nothing_works_before_the_start_or_after_the_stop() -> None:
    simulator = Simulator()
    with pytest.raises(NotRunningError, match="async with Simulator"):
        _ = simulator.rest_url

    async with simulator:
        pass

    with pytest.raises(NotRunningError):
        simulator.set_price("BTCUSDT", "65000")
    assert repr(simulator) == "<Simulator not running>"


async def test_a_stop_ends_connections_and_requests_that_are_open() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        await simulator.stop()

        assert await stream.end() == 1001


async def test_it_starts_at_the_time_it_is_given() -> None:
    async with Simulator(start_ms=1_790_000_000_000) as simulator, Wire(simulator) as wire:
        await asyncio.sleep(60)

        assert (await wire.send("GET", "/fapi/v1/time")).body == {"serverTime": 1_790_000_060_000}


async def test_the_same_seed_makes_the_same_keys() -> None:
    keys = []
    for seed in (1, 1, 2):
        async with Simulator(seed=seed) as simulator, Wire(simulator) as wire:
            keys.append(await wire.listen_key())

    assert keys[0] == keys[1] != keys[2]


async def test_a_resting_order_is_filled_in_parts_by_script() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **LIMIT_ORDER, newClientOrderId="mine")
        simulator.fill("mine", "0.004")
        simulator.fill("mine", "0.006", "59990")

        statuses = [frame["o"]["X"] for frame in [await stream.read() for _ in range(7)] if "o" in frame]
        assert statuses == ["NEW", "PARTIALLY_FILLED", "FILLED"]
        (row,) = (await wire.ask("GET", "/fapi/v1/allOrders")).body
        assert row["avgPrice"] == "59994.00000"


async def test_orders_end_by_script() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        for name in ("a", "b"):
            await wire.ask("POST", ORDER, **LIMIT_ORDER, newClientOrderId=name)
        simulator.cancel("a")
        simulator.expire("b", reason="7")

        ends = [(await stream.read())["o"] for _ in range(4)][2:]
        assert [(end["c"], end["X"], end["er"]) for end in ends] == [("a", "CANCELED", "0"), ("b", "EXPIRED", "7")]


async def test_a_price_that_moves_fills_what_it_crosses() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        stream = await wire.stream()
        simulator.set_price("BTCUSDT", "59000")

        assert await stream.read_names(3) == ["TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
        assert simulator.price("BTCUSDT") == 59000


async def test_a_transfer_is_announced() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.transfer("USDT", "-100", reason="WITHDRAW")

        account = (await stream.read())["a"]
        assert (account["m"], account["B"][0]["wb"], account["B"][0]["bc"]) == ("WITHDRAW", "9900.00000000", "-100")


async def test_another_client_of_the_account_can_place_orders() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        order_id = simulator.place_external(
            symbol="BTCUSDT", side="BUY", type="LIMIT", quantity="0.010", price="60000", client_order_id="web_1"
        )

        assert (await stream.read())["o"]["c"] == "web_1"
        assert (await wire.ask("GET", ORDER, symbol="BTCUSDT", orderId=order_id)).body["status"] == "NEW"
        with pytest.raises(VenueError, match="-1121"):
            simulator.place_external(symbol="NOPE", side="BUY", type="MARKET", quantity="1")


async def test_wrong_names_and_amounts_are_one_clear_error() -> None:
    async with Simulator() as simulator:
        with pytest.raises(UnknownSymbolError):
            simulator.set_price("BTCUSD", "65000")
        with pytest.raises(BadAmountError):
            simulator.set_price("BTCUSDT", "65000.01")
        with pytest.raises(UnknownOrderError):
            simulator.fill("never", "1")
        with pytest.raises(UnknownAccountError):
            simulator.cut_connections(account="nobody")
        with pytest.raises(NoListenKeyError, match="has no living listen key"):
            simulator.expire_listen_key()


async def test_a_subscriber_acts_between_matches_and_never_inside_one() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()

        def fill(entry: JournalEntry) -> None:
            if entry.event == "ORDER_TRADE_UPDATE" and entry.body["o"]["X"] == "NEW":
                simulator.fill(entry.body["o"]["i"], "0.010")

        simulator.subscribe(fill)
        simulator.place_external(symbol="BTCUSDT", side="BUY", type="LIMIT", quantity="0.010", price="60000")

        expected = ["ORDER_TRADE_UPDATE", "TRADE_LITE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]
        assert await stream.read_names(4) == expected


async def test_a_subscriber_sees_a_request_before_it_is_executed() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:

        def refuse(entry: JournalEntry) -> None:
            if entry.kind == "request" and entry.path == ORDER:
                simulator.on_request("POST", ORDER, Respond(400, -2019, "Margin is insufficient."))

        simulator.subscribe(refuse)

        assert (await wire.ask("POST", ORDER, **LIMIT_ORDER)).body["code"] == -2019


async def test_what_a_subscriber_raises_is_raised_by_the_stop() -> None:
    simulator = Simulator()
    await simulator.start()

    def fail(_entry: JournalEntry) -> None:
        raise ZeroDivisionError

    end = simulator.subscribe(fail)
    simulator.set_price("BTCUSDT", "66000")
    end()

    with pytest.raises(ExceptionGroup) as failed:
        await simulator.stop()
    assert failed.group_contains(ZeroDivisionError)


async def test_waiting_for_a_condition() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        waiting = asyncio.ensure_future(
            simulator.wait_for(lambda sim: bool(sim.state()["accounts"]["default"]["trades"]), timeout_s=60)
        )
        await wire.ask("POST", ORDER, **LIMIT_ORDER)
        assert not waiting.done()
        simulator.set_price("BTCUSDT", "60000")

        await waiting


async def test_a_reset_returns_to_the_start() -> None:
    async with Simulator(start_ms=0) as simulator, Wire(simulator) as wire:
        start = simulator.state()
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        simulator.set_price("BTCUSDT", "70000")
        simulator.on_request("GET", "/fapi/v1/ping", Respond(500))
        simulator.refuse_connections(5)
        assert await stream.read_names(4)

        simulator.reset()

        assert simulator.state() | {"time_ms": 0} == start
        assert await stream.end() == 1001
        assert (await wire.send("GET", "/fapi/v1/ping")).status == 200
        await wire.stream()


async def test_a_market_of_many_symbols() -> None:
    symbols = synthetic_symbols(501)
    async with Simulator(symbols=symbols, accounts=(AccountSpec(balance="1000000"),)) as simulator:
        traded = simulator.symbols[::5]
        for symbol in traded:
            simulator.place_external(symbol=symbol, side="BUY", type="MARKET", quantity="1")

        positions = simulator.state()["accounts"]["default"]["positions"]
        assert sorted(position["symbol"] for position in positions) == sorted(traded)


async def test_the_state_is_served_under_sim() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        answer = await wire.send("GET", "/sim/state")

        assert answer.status == 200
        assert answer.body["prices"]["BTCUSDT"] == "65000.00"
