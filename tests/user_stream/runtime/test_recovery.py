"""The questions of a recovery, where the exchange answers otherwise than today's documentation says."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from simulator import AccountSpec, Respond, Simulator
from tests.user_stream.core.order_facts import KEY, told_by_stream
from tests.user_stream.runtime.standin import NOON_MS, Standin, refusal, standin
from user_stream import Environment, OrderIntent
from user_stream.core.absence import Absences
from user_stream.core.ledger import Ledger
from user_stream.core.reconcile import OrderSnapshot, fold_snapshot
from user_stream.errors import RequestRejectedError, UnreachableError
from user_stream.runtime.binance_rest import BinanceRest
from user_stream.runtime.recovery import read_orders

DAY_MS = 86_400_000
ORDER, OPEN_ORDERS, ALL_ORDERS = "/fapi/v1/order", "/fapi/v1/openOrders", "/fapi/v1/allOrders"
TRADES, INCOME, POSITIONS = "/fapi/v1/userTrades", "/fapi/v1/income", "/fapi/v3/positionRisk"
LAG_MS = 40_000


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


# --- against an exchange that says little ------------------------------------------------------------------------


@pytest.fixture
async def exchange() -> AsyncIterator[Standin]:
    async with standin() as opened:
        for path in (OPEN_ORDERS, ALL_ORDERS, TRADES, INCOME, POSITIONS):
            opened.says(path, [])
        opened.answers[ORDER] = lambda _: refusal(400, -2013, "Order does not exist.")
        yield opened


@pytest.fixture
async def rest(exchange: Standin) -> AsyncIterator[BinanceRest]:
    made = exchange.rest()
    yield made
    await made.close()


def order_body(status: str, executed: str = "0", *, order_id: int = 7, made_at: int, at: int) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT", "orderId": order_id, "status": status, "clientOrderId": f"web_{order_id}", "side": "BUY",
        "positionSide": "BOTH", "type": "LIMIT", "timeInForce": "GTC", "price": "100", "stopPrice": "0",
        "origQty": "10", "executedQty": executed, "avgPrice": "100", "time": made_at, "updateTime": at,
    }  # fmt: skip


def trade_body(number: int, quantity: str, *, order_id: int = 7, at: int) -> dict[str, Any]:
    return {
        "symbol": "BTCUSDT", "id": number, "orderId": order_id, "side": "BUY", "positionSide": "BOTH", "price": "100",
        "qty": quantity, "commission": "0.1", "commissionAsset": "USDT", "realizedPnl": "0", "time": at,
    }  # fmt: skip


def commission_body(*, at: int) -> dict[str, Any]:
    return {"symbol": "BTCUSDT", "incomeType": "COMMISSION", "income": "-0.1", "asset": "USDT", "time": at, "tranId": 1}


async def one_pass(
    rest: BinanceRest, ledger: Ledger, *, since: int = NOON_MS - 60_000, absences: Absences | None = None
) -> OrderSnapshot:
    await rest.synchronize_clock()
    until = rest.exchange_time_ms()
    return await read_orders(rest, ledger, floor=since, since=since, until=until, lag_ms=LAG_MS, absences=absences)


async def test_a_pass_asks_each_question_once_and_weighs_little(exchange: Standin, rest: BinanceRest) -> None:
    ledger = Ledger()
    ledger.fold(told_by_stream("CANCELED", at=NOON_MS - 1000), ledger.begin_epoch())

    await one_pass(rest, ledger)

    assert [path for _, _, path, _ in exchange.seen] == [OPEN_ORDERS, INCOME, POSITIONS, ALL_ORDERS, TRADES]
    assert rest.rate_limit.used_weight == 0, "this exchange does not count"


async def test_the_first_pass_of_all_has_nothing_to_sweep(exchange: Standin, rest: BinanceRest) -> None:
    await one_pass(rest, Ledger(), since=NOON_MS)

    assert [path for _, _, path, _ in exchange.seen] == [OPEN_ORDERS, ALL_ORDERS]


async def test_income_is_asked_for_from_a_second_earlier_for_it_may_be_rounded(
    exchange: Standin, rest: BinanceRest
) -> None:
    await one_pass(rest, Ledger(), since=NOON_MS - 60_000)

    assert [query["startTime"] for query in exchange.asked(INCOME)] == [str(NOON_MS - 61_000)]


async def test_an_order_that_only_a_trade_names_is_asked_for_and_told_with_its_fills(
    exchange: Standin, rest: BinanceRest
) -> None:
    """Rules 15 and 18: an old order of another client, ended inside the gap."""
    exchange.says(INCOME, [commission_body(at=NOON_MS - 5000)])
    exchange.says(TRADES, [trade_body(1, "4", at=NOON_MS - 5000)])
    exchange.says(ORDER, order_body("CANCELED", "4", made_at=NOON_MS - 9 * DAY_MS, at=NOON_MS - 4000))
    ledger = Ledger()

    snapshot = await one_pass(rest, ledger)
    told = [item.update for item in fold_snapshot(ledger, snapshot)]

    assert [(data["client_order_id"], data["order_status"], data["last_filled_qty"]) for data in told] == [
        ("web_7", "PARTIALLY_FILLED", "4"),
        ("web_7", "CANCELED", "0"),
    ]
    assert snapshot.origins == {KEY: "order"}


async def test_a_trade_whose_order_is_not_found_is_nameless_only_when_rest_had_the_time(
    exchange: Standin, rest: BinanceRest
) -> None:
    """Rule 18 and row 6: within the lag the order may still turn up, with the name that it needs."""
    exchange.says(INCOME, [commission_body(at=NOON_MS - 5000)])
    exchange.says(TRADES, [trade_body(1, "4", at=NOON_MS - LAG_MS - 1), trade_body(2, "1", at=NOON_MS - LAG_MS + 1000)])

    snapshot = await one_pass(rest, Ledger())

    assert [trade.id for trade in snapshot.nameless] == [1]
    assert snapshot.rows == {}


async def test_a_trade_whose_order_may_not_be_asked_for_is_nameless_too(exchange: Standin, rest: BinanceRest) -> None:
    """Rule 18: what cannot be resolved in time is external; it must not go unsaid."""
    exchange.says(INCOME, [commission_body(at=NOON_MS - 5000)])
    exchange.says(TRADES, [trade_body(1, "4", at=NOON_MS - LAG_MS - 1)])
    exchange.answers[ORDER] = lambda _: refusal(400, -1000, "An unknown error occurred.")

    assert [trade.id for trade in (await one_pass(rest, Ledger())).nameless] == [1]


@pytest.mark.parametrize("path", [INCOME, POSITIONS, TRADES])
async def test_a_question_that_is_refused_keeps_no_other_unanswered(
    exchange: Standin, rest: BinanceRest, path: str
) -> None:
    exchange.says(ALL_ORDERS, [order_body("NEW", made_at=NOON_MS - 1000, at=NOON_MS - 1000)])
    exchange.answers[path] = lambda _: refusal(400, -1121, "Invalid symbol.")

    snapshot = await one_pass(rest, Ledger())

    assert snapshot.origins == {KEY: "allOrders"}


async def test_trades_that_are_refused_fail_the_pass_unless_there_is_no_such_symbol(
    exchange: Standin, rest: BinanceRest
) -> None:
    """A pass that went on without them would say that it knows them."""
    exchange.says(ALL_ORDERS, [order_body("NEW", made_at=NOON_MS - 1000, at=NOON_MS - 1000)])
    exchange.answers[TRADES] = lambda _: refusal(400, -1000, "An unknown error occurred.")

    with pytest.raises(RequestRejectedError):
        await one_pass(rest, Ledger())


async def test_a_question_without_an_answer_fails_the_pass(exchange: Standin, rest: BinanceRest) -> None:
    """What is not known must not look as if it were nothing: the pass is repeated."""
    exchange.answers[INCOME] = lambda _: refusal(500, -1000, "An unknown error occurred.")

    with pytest.raises(UnreachableError):
        await one_pass(rest, Ledger())


async def test_a_conditional_orders_intent_is_not_asked_for_among_orders(exchange: Standin, rest: BinanceRest) -> None:
    ledger = Ledger()
    for name, algo in (("plain", False), ("stop", True)):
        ledger.register(
            OrderIntent(client_order_id=name, symbol="BTCUSDT", side="SELL", order_type="STOP", quantity="1", algo=algo)
        )

    await one_pass(rest, ledger)

    assert [query["origClientOrderId"] for query in exchange.asked(ORDER)] == ["plain"]


async def test_an_order_ends_by_absence_only_in_a_later_pass_and_only_beyond_all_memory(
    exchange: Standin, rest: BinanceRest
) -> None:
    """Rule 17: missing twice, further apart than the lag, not found by its id, older than 3 days."""
    ledger, absences = Ledger(), Absences()
    ledger.fold(told_by_stream("NEW", at=NOON_MS - 4 * DAY_MS), ledger.begin_epoch())
    ledger.fold(told_by_stream("NEW", order_id=8, at=NOON_MS - 2 * DAY_MS), ledger.begin_epoch())

    first = await one_pass(rest, ledger, absences=absences)
    await exchange.clock.sleep(LAG_MS / 1000)
    second = await one_pass(rest, ledger, absences=absences)
    told = [item.update for item in fold_snapshot(ledger, second)]

    assert first.rows == {}
    assert second.origins == {KEY: "absence"}
    assert [(data["order_id"], data["order_status"], data["source"]) for data in told] == [("7", "EXPIRED", "rest")]


async def test_an_order_whose_question_is_refused_does_not_end_by_absence(exchange: Standin, rest: BinanceRest) -> None:
    """Rule 17: only "does not exist" says that it does not."""
    exchange.answers[ORDER] = lambda _: refusal(400, -1000, "An unknown error occurred.")
    ledger, absences = Ledger(), Absences()
    ledger.fold(told_by_stream("NEW", at=NOON_MS - 4 * DAY_MS), ledger.begin_epoch())

    await one_pass(rest, ledger, absences=absences)
    await exchange.clock.sleep(LAG_MS / 1000)

    assert (await one_pass(rest, ledger, absences=absences)).rows == {}


async def test_an_order_that_is_missing_but_traded_does_not_end_by_absence(
    exchange: Standin, rest: BinanceRest
) -> None:
    ledger, absences = Ledger(), Absences()
    ledger.fold(told_by_stream("NEW", at=NOON_MS - 4 * DAY_MS), ledger.begin_epoch())
    await one_pass(rest, ledger, absences=absences)
    await exchange.clock.sleep(LAG_MS / 1000)
    exchange.says(TRADES, [trade_body(1, "4", at=NOON_MS)])

    snapshot = await one_pass(rest, ledger, absences=absences)

    assert snapshot.rows == {}
