"""How an engine treats the exchange: each test is a journal, and what is wrong with it."""

from __future__ import annotations

from itertools import count
from typing import Any

from simulator.chaos.conduct import Conduct, planned
from simulator.core.journal import JournalEntry
from simulator.core.scenario.engine_action import EngineCancel, EnginePlace, EnginePlaceAlgo
from simulator.core.scenario.scenario import Scenario, Step

_numbers = count(1)


def request(at_ms: int, method: str = "POST", path: str = "/fapi/v1/order", **params: Any) -> JournalEntry:
    return JournalEntry(seq=next(_numbers), time_ms=at_ms, kind="request", account="default", method=method,
                        path=path, body=params)  # fmt: skip


def refusal(at_ms: int, *, code: int = -1003, retry_after: str = "", status: int = 429) -> JournalEntry:
    summary = f"retry-after {retry_after}" if retry_after else ""
    return JournalEntry(seq=next(_numbers), time_ms=at_ms, kind="response", account="default", method="GET", path="/x",
                        status=status, summary=summary, body={"code": code, "msg": "Too many"})  # fmt: skip


def conduct(*entries: JournalEntry, plan: dict[str, int] | None = None, own: bool = False) -> list[tuple[str, str]]:
    watcher = Conduct("default", {"a": 1} if plan is None else plan, is_own=lambda _: own)
    return [(breach.rule, breach.what) for entry in entries for breach in watcher.see(entry)]


def test_order_is_sent_once() -> None:
    once = request(1, newClientOrderId="a")
    assert conduct(once) == []
    assert conduct(once, request(2, newClientOrderId="a")) == [
        ("resent", "order a was sent for the 2. time, and was to be sent 1 times")
    ]
    assert conduct(once, request(2, newClientOrderId="a"), plan={"a": 2}) == []


def test_order_that_nobody_asked_for_is_told() -> None:
    assert conduct(request(1, newClientOrderId="b")) == [
        ("resent", "order b was sent for the 1. time, and nobody asked for it")
    ]


def test_conditional_orders_and_batches_count_as_well() -> None:
    algo = request(1, path="/fapi/v1/algoOrder", clientAlgoId="a")
    batch = request(2, path="/fapi/v1/batchOrders", batchOrders='[{"newClientOrderId":"a"},{"newClientOrderId":"b"}]')
    assert [rule for rule, _ in conduct(algo, algo)] == ["resent"]
    assert [rule for rule, _ in conduct(algo, batch)] == ["resent", "resent"]
    assert conduct(request(1, path="/fapi/v1/batchOrders", batchOrders="no list")) == []


def test_other_requests_and_other_accounts_are_no_orders() -> None:
    stranger = JournalEntry(seq=1, time_ms=1, kind="request", account="other", method="POST", path="/fapi/v1/order",
                            body={"newClientOrderId": "b"})  # fmt: skip
    assert conduct(stranger, request(1, "DELETE", origClientOrderId="b"), request(2, "GET")) == []


def test_refusal_that_follows_from_the_exchanges_counts_is_a_limit_not_kept() -> None:
    assert conduct(refusal(1), own=True) == [("rate limit", "GET /x was refused: Too many")]
    assert conduct(refusal(1), own=False) == []


def test_nothing_is_sent_before_the_time_that_a_refusal_named() -> None:
    told = refusal(10_000, retry_after="5")
    assert conduct(told, request(10_900, "GET", "/y"), request(15_000, "GET", "/y")) == []
    assert conduct(told, request(12_000, "GET", "/y")) == [
        ("rate limit", "GET /y came 3.000 s before the exchange wanted to hear anything")
    ]


def test_another_process_knows_of_no_refusal() -> None:
    watcher = Conduct("default", {}, is_own=lambda _: False)
    assert list(watcher.see(refusal(10_000, retry_after="5"))) == []
    watcher.begin_anew()
    assert list(watcher.see(request(12_000, "GET", "/y"))) == []


def test_refusal_of_orders_keeps_orders_back_and_nothing_else() -> None:
    told = refusal(10_000, code=-1015, retry_after="5")
    assert conduct(told, request(12_000, "GET", "/y"), request(12_000, "DELETE")) == []
    assert [rule for rule, _ in conduct(told, request(12_000, newClientOrderId="a"))] == ["rate limit"]


def test_plan_is_what_the_engine_is_told_to_place() -> None:
    place = EnginePlace(symbol="BTCUSDT", side="BUY", quantity="1", client_order_id="a")
    algo = EnginePlaceAlgo(symbol="BTCUSDT", side="BUY", client_order_id="s")
    cancel = EngineCancel(symbol="BTCUSDT", order="a")
    assert planned(Scenario(name="", steps=(Step(do=[place, cancel, algo]), Step(do=place)))) == {"a": 2, "s": 1}


def test_reconnecting_without_ever_waiting_longer_is_a_storm() -> None:
    """Row 17: backoff that every handshake resets."""
    patient = [request(3000 * number, path="/fapi/v1/listenKey") for number in range(200)]
    assert conduct(*patient) == []
    hurried = [request(1000 * number, path="/fapi/v1/listenKey") for number in range(101)]
    assert conduct(*hurried) == [("rate limit", "a listen key was asked for 101 times in five minutes")]
