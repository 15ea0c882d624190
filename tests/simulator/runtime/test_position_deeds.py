"""The exchange closes, funds and warns of positions, and REST agrees with what the streams say (rows 11 and 21)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from simulator import AccountSpec, BadAmountError, NoPositionError, Profile, Simulator, UnknownPathError, VenueError
from tests.simulator.runtime.wire import LIMIT_ORDER, MARKET_ORDER, ORDER, Socket, Wire

BTC = {"symbol": "BTCUSDT"}
HEDGE = AccountSpec(dual_side_position=True)


async def opened(wire: Wire) -> Socket:
    """Open a position and then the stream."""
    await wire.ask("POST", ORDER, **MARKET_ORDER)
    return await wire.stream()


async def orders_told(stream: Socket, count: int) -> list[tuple[str, str, str]]:
    """Return (x, X, c) of the order updates among the next frames."""
    frames = [await stream.read() for _ in range(count)]
    return [(f["o"]["x"], f["o"]["X"], f["o"]["c"]) for f in frames if f["e"] == "ORDER_TRADE_UPDATE"]


async def test_row_11_a_liquidation_ends_open_orders_and_closes_the_position() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **LIMIT_ORDER | {"newClientOrderId": "mine"})
        stream = await opened(wire)
        order_id = simulator.liquidate("BTCUSDT", price="60000")

        frames = [await stream.read() for _ in range(4)]
        row = (await wire.ask("GET", ORDER, **BTC, orderId=order_id)).body
        trades = (await wire.ask("GET", "/fapi/v1/userTrades", **BTC, orderId=order_id)).body
        forced = (await wire.ask("GET", "/fapi/v1/forceOrders", autoCloseType="LIQUIDATION")).body

        assert [f["e"] for f in frames] == [
            "ORDER_TRADE_UPDATE",
            "ORDER_TRADE_UPDATE",
            "ACCOUNT_UPDATE",
            "ORDER_TRADE_UPDATE",
        ]
        expired, new, update, filled = frames
        assert (expired["o"]["c"], expired["o"]["x"], expired["o"]["er"]) == ("mine", "EXPIRED", "5")
        assert (new["o"]["x"], new["o"]["o"], new["o"]["f"]) == ("NEW", "LIMIT", "IOC")
        assert update["a"]["P"][0]["pa"] == "0"
        assert (filled["o"]["x"], filled["o"]["X"], filled["o"]["rp"]) == ("CALCULATED", "FILLED", "-50.00000000")
        assert filled["o"]["c"].startswith("autoclose-")
        assert (row["status"], row["clientOrderId"]) == ("FILLED", filled["o"]["c"])
        assert [trade["id"] for trade in trades] == [filled["o"]["t"]]
        assert [order["orderId"] for order in forced] == [order_id]
        assert (await wire.ask("GET", "/fapi/v3/positionRisk")).body == []


async def test_rule_1_the_trade_id_of_a_liquidation_may_be_zero_on_the_stream_alone() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        order_id = simulator.liquidate("BTCUSDT", quantity="0.004", trade_id="zero")

        told = [await stream.read() for _ in range(3)][-1]["o"]
        (trade,) = (await wire.ask("GET", "/fapi/v1/userTrades", **BTC, orderId=order_id)).body

        assert (told["t"], told["l"], told["z"], told["X"]) == (0, "0.004", "0.004", "FILLED")
        assert trade["id"] > 0
        assert (await wire.ask("GET", "/fapi/v3/positionRisk")).body[0]["positionAmt"] == "0.006"


async def test_rule_2_every_adl_order_has_the_same_client_order_id() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        first = simulator.adl("BTCUSDT", quantity="0.003")
        second = simulator.adl("BTCUSDT")

        told = await orders_told(stream, 6)
        named = (await wire.ask("GET", ORDER, **BTC, origClientOrderId="adl_autoclose")).body

        assert told == [("NEW", "NEW", "adl_autoclose"), ("CALCULATED", "FILLED", "adl_autoclose")] * 2
        assert first < second == named["orderId"]


@pytest.mark.parametrize(
    ("told", "frames"),
    [
        ("everything", ["ORDER_TRADE_UPDATE", "ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]),
        ("without_new", ["ACCOUNT_UPDATE", "ORDER_TRADE_UPDATE"]),
        ("account_update", ["ACCOUNT_UPDATE"]),
        ("nothing", []),
    ],
)
async def test_row_11_how_much_of_an_adl_is_told_is_a_choice_and_rest_shows_it_all(
    told: Any, frames: list[str]
) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        order_id = simulator.adl("BTCUSDT", told=told)

        assert await stream.read_names(len(frames)) == frames
        assert await stream.is_silent()
        assert (await wire.ask("GET", ORDER, **BTC, orderId=order_id)).body["status"] == "FILLED"
        assert len((await wire.ask("GET", "/fapi/v1/userTrades", **BTC)).body) == 2


async def test_row_11_a_settlement_closes_at_its_price() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        simulator.settle("BTCUSDT", "64000")

        told = [await stream.read() for _ in range(3)][-1]["o"]

        assert told["c"].startswith("settlement_autoclose-")
        assert (told["o"], told["f"], told["x"], told["L"]) == ("MARKET", "IOC", "CALCULATED", "64000")


async def test_the_variants_of_the_fixtures_are_a_switch() -> None:
    profile = Profile(forced_orders="fixtures", liquidation_type="LIQUIDATION")
    async with Simulator(profile=profile) as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        simulator.adl("BTCUSDT", quantity="0.003")
        simulator.liquidate("BTCUSDT", quantity="0.003")
        simulator.settle("BTCUSDT")

        told = await orders_told(stream, 10)

        assert [(x, status) for x, status, _ in told[1::2]] == [
            ("CALCULATED", "NEW_ADL"),
            ("CALCULATED", "FILLED"),
            ("TRADE", "FILLED"),
        ]


async def test_a_liquidation_has_a_trade_lite_only_where_the_profile_says_so() -> None:
    async with Simulator(profile=Profile(forced_trade_lite="present")) as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        simulator.liquidate("BTCUSDT")

        assert (await stream.read())["e"] == "TRADE_LITE"


async def test_rule_23_a_position_may_change_with_no_trade_to_explain_it() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        simulator.adjust_position("BTCUSDT", "0.025", "64000")
        update = await stream.read()
        simulator.adjust_position("BTCUSDT", "0", "64000", told="nothing")

        assert (update["a"]["m"], update["a"]["P"][0]["pa"], update["a"]["P"][0]["ep"]) == (
            "ADJUSTMENT",
            "0.025",
            "64000",
        )
        assert await stream.is_silent()
        assert (await wire.ask("GET", "/fapi/v3/positionRisk")).body == []
        assert len((await wire.ask("GET", "/fapi/v1/userTrades", **BTC)).body) == 1


async def test_row_21_a_funding_fee_lists_a_position_only_when_it_is_isolated() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        await wire.ask("POST", "/fapi/v1/marginType", symbol="ETHUSDT", marginType="ISOLATED")
        await wire.ask("POST", ORDER, symbol="ETHUSDT", side="SELL", type="MARKET", quantity="1")
        stream = await opened(wire)
        simulator.funding("BTCUSDT", "0.0001")
        simulator.funding("ETHUSDT", "0.0001")

        cross, isolated = (await stream.read())["a"], (await stream.read())["a"]
        rows = (await wire.ask("GET", "/fapi/v1/income", incomeType="FUNDING_FEE")).body

        assert (cross["m"], cross["S"], cross["P"], cross["B"][0]["bc"]) == ("FUNDING_FEE", "BTCUSDT", [], "-0.065")
        assert (isolated["S"], isolated["P"][0]["s"], isolated["P"][0]["mt"]) == ("ETHUSDT", "ETHUSDT", "isolated")
        assert Decimal(isolated["B"][0]["bc"]) > 0
        assert [row["symbol"] for row in rows] == ["BTCUSDT", "ETHUSDT"]


async def test_row_21_a_funding_fee_may_leave_out_the_list_of_positions() -> None:
    async with Simulator(profile=Profile(funding_positions="absent")) as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        simulator.funding("BTCUSDT", "-0.0001")

        assert "P" not in (await stream.read())["a"]


async def test_row_11_a_margin_call_shows_the_position() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await opened(wire)
        simulator.margin_call("BTCUSDT")

        call = await stream.read()

        assert "T" not in call
        assert call["cw"] == "9999.74000000"
        assert (call["p"][0]["mt"], call["p"][0]["pa"], call["p"][0]["mm"]) == ("CROSSED", "0.01", "2.60000000")


async def test_row_12_in_hedge_mode_a_side_has_to_be_named_when_there_are_two() -> None:
    async with Simulator(accounts=(HEDGE,)) as simulator, Wire(simulator) as wire:
        await wire.ask("POST", ORDER, **MARKET_ORDER, positionSide="LONG")
        stream = await wire.stream()
        await wire.ask("POST", ORDER, **MARKET_ORDER | {"side": "SELL", "quantity": "0.020"}, positionSide="SHORT")
        await stream.read_names(4)
        with pytest.raises(NoPositionError, match="give position_side"):
            simulator.adl("BTCUSDT")
        simulator.adl("BTCUSDT", position_side="SHORT")

        update = [await stream.read() for _ in range(3)][1]
        rows = (await wire.ask("GET", "/fapi/v3/positionRisk")).body

        assert [(row["ps"], row["pa"]) for row in update["a"]["P"]] == [("BOTH", "0"), ("SHORT", "0")]
        assert [(row["positionSide"], row["positionAmt"]) for row in rows] == [("LONG", "0.010")]


async def test_what_cannot_be_closed_is_refused_in_words() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        for deed in (simulator.liquidate, simulator.adl, simulator.settle, simulator.margin_call):
            with pytest.raises(NoPositionError, match="BTCUSDT: account 'default' has no"):
                deed("BTCUSDT")
        await wire.ask("POST", ORDER, **MARKET_ORDER)
        with pytest.raises(BadAmountError, match=r"at most the position of 0.010 BTCUSDT"):
            simulator.liquidate("BTCUSDT", quantity="0.011")


async def test_row_12_another_client_changes_the_position_mode_and_no_event_tells() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        simulator.request_external("POST", "/fapi/v1/positionSide/dual", dualSidePosition=True)

        refused = await wire.ask("POST", ORDER, **MARKET_ORDER)

        assert await stream.is_silent()
        assert refused.body["code"] == -4061
        assert (await wire.ask("GET", "/fapi/v1/positionSide/dual")).body == {"dualSidePosition": True}


async def test_another_client_changes_leverage_and_multi_assets_mode_and_events_tell() -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        stream = await wire.stream()
        answer = simulator.request_external("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=7)
        simulator.request_external("POST", "/fapi/v1/multiAssetsMargin", multiAssetsMargin=True)

        assert answer == {"leverage": 7, "maxNotionalValue": "4000000", "symbol": "BTCUSDT"}
        assert (await stream.read())["ac"] == {"s": "BTCUSDT", "l": 7}
        assert (await stream.read())["ai"] == {"j": True}
        with pytest.raises(VenueError):
            simulator.request_external("POST", "/fapi/v1/leverage", symbol="BTCUSDT", leverage=0)
        with pytest.raises(UnknownPathError, match="/fapi/v1/leverage"):
            simulator.request_external("POST", "/fapi/v1/leverag")


@pytest.mark.parametrize("connections", ["kept", "cut"])
async def test_rule_20_a_wipe_starts_the_numbering_anew(connections: Any) -> None:
    async with Simulator() as simulator, Wire(simulator) as wire:
        simulator.set_price("BTCUSDT", "66000")
        first = (await wire.ask("POST", ORDER, **MARKET_ORDER)).body["orderId"]
        stream = await wire.stream()
        key = await wire.listen_key()
        simulator.wipe(connections=connections)

        assert (await wire.ask("GET", "/fapi/v1/allOrders", **BTC)).body == []
        assert (await wire.ask("GET", "/fapi/v3/positionRisk")).body == []
        assert (await wire.ask("GET", "/fapi/v3/balance")).body[0]["balance"] == "10000.00000000"
        assert simulator.price("BTCUSDT") == 66000
        assert await wire.listen_key() == key
        again = (await wire.ask("POST", ORDER, **MARKET_ORDER)).body["orderId"]
        assert again == first
        if connections == "kept":
            assert (await stream.read())["i"] == first
        else:
            assert await stream.end() == 1006
