"""A scenario is judged by what the exchange knows."""

from __future__ import annotations

from decimal import Decimal

from simulator import AccountSpec, Simulator
from simulator.core.scenario.judgement import OrderTruth, PositionTruth
from simulator.runtime.truth import remaining, truth_of

OTHER = AccountSpec(name="other", api_key="k" * 64, api_secret="s" * 64, balance="5")


def place(simulator: Simulator, name: str, account: str | None = None, **order: object) -> int:
    limit = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.010", "price": "60000"}
    return simulator.place_external(account=account, client_order_id=name, **(limit | order))


async def test_the_truth_has_every_accounts_orders_positions_and_balances() -> None:
    async with Simulator(accounts=(AccountSpec(), OTHER)) as simulator:
        first = place(simulator, "a")
        second = place(simulator, "b", symbol="ETHUSDT", side="SELL", price="4000", quantity="1")
        simulator.fill("b", "0.5")
        truth = truth_of(simulator)

    assert truth.default_account == "default"
    assert truth.orders == [
        OrderTruth("default", "BTCUSDT", first, "a", "NEW", Decimal(0), Decimal(0)),
        OrderTruth("default", "ETHUSDT", second, "b", "PARTIALLY_FILLED", Decimal("0.5"), Decimal(4000)),
    ]
    assert truth.positions == [PositionTruth("default", "ETHUSDT", "BOTH", Decimal("-0.5"), Decimal(4000))]
    assert truth.balances == {("default", "USDT"): Decimal("9999.6"), ("other", "USDT"): Decimal(5)}
    assert truth.connections == 0


async def test_orders_stand_in_the_order_of_their_placing_whoever_placed_them() -> None:
    async with Simulator(accounts=(AccountSpec(), AccountSpec(name="other", api_key="k" * 64))) as simulator:
        place(simulator, "a", account="other")
        place(simulator, "b")
        place(simulator, "c", account="other")

        assert [order.client_order_id for order in truth_of(simulator).orders] == ["a", "b", "c"]


async def test_what_remains_is_asked_of_the_open_order() -> None:
    async with Simulator() as simulator:
        place(simulator, "a")
        simulator.cancel("a")
        order_id = place(simulator, "a", quantity="0.020")
        simulator.fill("a", "0.005")

        assert remaining(simulator, "a", None) == remaining(simulator, order_id, "default") == Decimal("0.015")
        assert remaining(simulator, "nobody", None) == 0
        assert remaining(simulator, "a", "nobody") == 0
