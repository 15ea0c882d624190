"""The questions of a recovery, where the exchange answers otherwise than today's documentation says."""

from __future__ import annotations

from simulator import AccountSpec, Respond, Simulator
from user_stream import Environment, OrderIntent
from user_stream.core.ledger import Ledger
from user_stream.core.positions import PositionBook
from user_stream.core.reconcile import Touched
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.recovery import read_account, read_orders


async def test_sweep_without_a_symbol_falls_back_to_known_symbols_where_one_is_wanted() -> None:
    async with Simulator(accounts=(AccountSpec(balance="100000"),)) as sim:
        await _sweep(sim)


async def _sweep(sim: Simulator) -> None:
    rest = BinanceRest(
        sim.account.api_key, sim.account.api_secret, environment=Environment.simulator(sim.rest_url, sim.ws_url)
    )
    await rest.synchronize_clock()
    since = sim.time_ms
    sim.place_external(symbol="ETHUSDT", side="BUY", type="MARKET", quantity="1", client_order_id="sent")
    refusal = Respond(400, -1102, "Mandatory parameter 'symbol' was not sent, was empty/null, or malformed.")
    sim.on_request("GET", "/fapi/v1/allOrders", refusal)
    ledger = Ledger()
    ledger.register(
        OrderIntent(client_order_id="sent", symbol="ETHUSDT", side="BUY", order_type="MARKET", quantity="1")
    )

    snapshot = await read_orders(rest, ledger, floor=since, since=since, until=rest.exchange_time_ms())

    assert [row.client_order_id for row in snapshot.rows.values()] == ["sent"]
    assert [len(trades) for trades in snapshot.trades.values()] == [1]
    await rest.close()


async def test_position_that_is_not_listed_is_asked_for_by_its_symbol() -> None:
    async with Simulator() as sim:
        rest = BinanceRest(
            sim.account.api_key, sim.account.api_secret, environment=Environment.simulator(sim.rest_url, sim.ws_url)
        )
        book = PositionBook()
        position = {
            "symbol": "ETHUSDT", "position_side": "BOTH", "position_amount": "1", "entry_price": "3500",
            "break_even_price": "3500", "accumulated_realized": "0", "unrealized_pnl": "0", "margin_type": "cross",
            "isolated_wallet": "0",
        }  # fmt: skip
        book.on_account_update(
            {"reason": "ORDER", "event_time": 1, "transaction_time": 1, "balances": [], "positions": [position]}  # type: ignore[list-item]  # a literal of the right keys
        )

        _, _, gone = await read_account(rest, book, Touched())

        asked = [entry.body for entry in sim.journal.entries(path="/fapi/v3/positionRisk", kind="request")]
        assert [params.get("symbol", "") for params in asked] == ["", "ETHUSDT"]
        assert gone == [("ETHUSDT", "BOTH")]
        await rest.close()
