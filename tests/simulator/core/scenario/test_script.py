"""A script says which step is due when, and when a run is over and how."""

from __future__ import annotations

from simulator.core.scenario.action import CutConnections, Fill, Reset
from simulator.core.scenario.expectation import ConnectionsOpen, EventsSent, Expectation, RequestsSeen
from simulator.core.scenario.judgement import Truth
from simulator.core.scenario.observation import NOTHING, Subject
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_error import Origin
from simulator.core.scenario.script import Due, Script
from simulator.core.scenario.trigger import Connection, Event, Request
from tests.simulator.core.journal_entries import connection, event, request, response

PLACED = Request("POST /fapi/v1/order")
CUT = CutConnections()


def truth(connections: int = 1) -> Truth:
    return Truth(default_account="default", orders=(), positions=(), balances={}, connections=connections)


def script(*steps: Step, expect: tuple[Expectation, ...] = (), timeout: str = "60s", settle: str = "1s") -> Script:
    scenario = Scenario(
        name="x", steps=steps, expect=expect, timeout=timeout, settle=settle, origin=Origin("x.yaml", {"": 1})
    )
    return Script(scenario, 1_000, truth())


def test_a_step_with_a_time_is_due_then() -> None:
    assert script(Step(at="5s", delay="1s", do=CUT)).begin() == [Due(0, 7_000, NOTHING)]


def test_a_step_after_an_event_is_due_when_it_was_sent_and_is_about_its_order() -> None:
    run = script(Step(after=Event("ORDER_TRADE_UPDATE", status="NEW"), delay="250ms", do=Fill()))

    assert run.begin() == []
    assert run.observe(event(X="FILLED", time_ms=2_000)) == []
    assert run.observe(event(X="NEW", time_ms=3_000)) == [Due(0, 3_250, Subject(7, "default"))]


def test_a_step_is_done_once() -> None:
    run = script(Step(after=Event("ORDER_TRADE_UPDATE"), do=Fill()))

    assert len(run.observe(event())) == 1
    assert run.observe(event()) == []


def test_the_nth_occurrence_is_the_one() -> None:
    run = script(Step(on=Request("POST /fapi/v1/order", nth=2), do=Reset()))

    assert [len(run.observe(request())) for _ in range(3)] == [0, 1, 0]


def test_an_answer_may_be_for_several_requests_in_a_row() -> None:
    run = script(
        Step(name="two", on=Request("POST /fapi/v1/order", nth=2), do=Reset(times=2)), Step(after="two", do=CUT)
    )

    dues = [due for _ in range(4) for due in run.observe(request())]
    followers = [run.performed(due, 2_000, NOTHING) for due in dues]

    assert [due.number for due in dues] == [0, 0]
    assert followers == [[], [Due(1, 2_000, NOTHING)]]


def test_a_step_on_a_request_comes_with_its_arrival_and_one_after_it_with_its_answer() -> None:
    run = script(Step(on=PLACED, do=Reset()), Step(after=PLACED, do=Fill()))

    assert [due.number for due in run.observe(request(seq=5, newClientOrderId="cli-1"))] == [0]
    assert run.observe(response(about=4, orderId=9)) == []
    assert run.observe(response(about=5, orderId=9, time_ms=4_000)) == [Due(1, 4_000, Subject(9, "default"))]


def test_an_answer_that_names_no_order_is_about_the_one_of_its_request() -> None:
    run = script(Step(after=PLACED, do=Fill()))
    run.observe(request(seq=5, newClientOrderId="cli-1"))

    assert run.observe(response(about=5, code=-1007)) == [Due(0, 0, Subject("cli-1", "default"))]


def test_only_the_answer_to_the_nth_request_counts() -> None:
    run = script(Step(after=Request("POST /fapi/v1/order", nth=2), do=Fill()))
    run.observe(request(seq=5))
    run.observe(request(seq=6))

    assert run.observe(response(about=5)) == []
    assert len(run.observe(response(about=6))) == 1


def test_a_connection_may_be_waited_for() -> None:
    run = script(Step(after=Connection("opened", nth=2), do=CUT))

    assert [len(run.observe(connection(what))) for what in ("opened", "closed", "opened")] == [0, 0, 1]


def test_a_chained_step_follows_and_keeps_the_order() -> None:
    run = script(Step(name="first", after=Event("*"), do=Fill()), Step(after="first", delay="2s", do=Fill()))
    (due,) = run.observe(event(time_ms=3_000))

    assert run.performed(due, 3_500, Subject("web_1", "default")) == [Due(1, 5_500, Subject("web_1", "default"))]


def test_what_was_before_a_step_does_not_count_since_it() -> None:
    run = script(
        Step(name="cut", at="1s", do=CUT),
        Step(after=Event("ORDER_TRADE_UPDATE", since="cut"), do=Fill()),
        expect=(RequestsSeen("POST /fapi/v1/order", count=1, since="cut"),),
    )
    (due,) = run.begin()

    run.observe(request())
    assert run.observe(event()) == []
    run.begin_step(due, 2_000)
    run.observe(request())
    run.performed(due, 2_000, NOTHING)
    assert [follower.number for follower in run.observe(event())] == [1]

    assert run.conclude(truth(), 2_000).shortfalls == ("x.yaml:1: steps[1]: not done: its delay of 0s was not over",)


def test_a_step_whose_time_had_not_come_says_which_time_that_is() -> None:
    run = script(Step(at="60s", do=CUT))
    run.begin()

    ended = run.conclude(truth(), 2_000)

    assert ended.shortfalls == ("x.yaml:1: steps[0]: not done: the run ended before its time, 60s",)


def test_a_run_passes_when_all_was_done_and_held_long_enough() -> None:
    run = script(Step(at="1s", do=CUT), expect=(ConnectionsOpen(count=1),), settle="2s")
    (due,) = run.begin()

    assert run.judge(truth(), 2_000) is None
    run.performed(due, 2_000, NOTHING)
    assert run.judge(truth(0), 2_000) is None
    assert run.judge(truth(1), 3_000) is None
    assert run.next_judgement_ms() == 5_000
    assert run.judge(truth(1), 4_999) is None

    outcome = run.judge(truth(1), 5_000)
    assert outcome is not None
    assert (outcome.passed, outcome.elapsed_ms) == (True, 4_000)


def test_what_stops_holding_while_it_settles_must_hold_anew() -> None:
    run = script(expect=(ConnectionsOpen(count=1),), settle="2s")

    assert run.judge(truth(1), 1_000) is None
    assert run.judge(truth(0), 2_000) is None
    assert run.next_judgement_ms() == 61_000
    assert run.judge(truth(1), 2_500) is None
    assert run.judge(truth(1), 3_000) is None
    assert run.judge(truth(1), 4_500) is not None


def test_a_run_fails_as_soon_as_an_expectation_is_broken() -> None:
    run = script(
        Step(at="50s", do=CUT), expect=(RequestsSeen("POST /fapi/v1/order", count=1), EventsSent("TRADE_LITE", count=0))
    )
    run.observe(request())
    assert run.judge(truth(), 2_000) is None
    run.observe(request())

    outcome = run.judge(truth(), 2_000)

    assert outcome is not None
    assert outcome.shortfalls == (
        "x.yaml:1: steps[0]: not done: the run ended before its time, 50s",
        "x.yaml:1: expect[0].requests: expected 1 requests POST /fapi/v1/order, saw 2",
    )


def test_a_run_fails_when_a_deadline_passes() -> None:
    run = script(expect=(ConnectionsOpen(count=0, within="5s"),))

    assert run.judge(truth(1), 6_000) is None
    assert run.next_judgement_ms() == 6_001
    outcome = run.judge(truth(1), 6_001)
    assert outcome is not None
    assert outcome.shortfalls == ("x.yaml:1: expect[0].connections: not within 5s: expected 0 connections open, saw 1",)


def test_a_run_fails_when_a_step_could_not_be_done() -> None:
    run = script(Step(at="1s", do=CUT), Step(after=Connection("opened"), do=CUT))

    run.failed("steps[0].do.fill", "no such order")

    outcome = run.judge(truth(), 2_000)
    assert outcome is not None
    assert outcome.shortfalls == ("x.yaml:1: steps[0].do.fill: no such order",)


def test_a_run_ends_with_its_timeout_and_says_what_never_came() -> None:
    run = script(
        Step(name="first", after=Event("TRADE_LITE", nth=2), do=Fill()),
        Step(after="first", do=CUT),
        Step(on=PLACED, do=Reset()),
        Step(after=PLACED, do=CUT),
        Step(after=Connection("closed"), do=CUT),
        timeout="10s",
    )
    run.observe(event("TRADE_LITE"))
    assert run.judge(truth(), 10_999) is None

    outcome = run.judge(truth(), 11_000)

    assert outcome is not None
    assert outcome.shortfalls == (
        "x.yaml:1: steps[0]: not done: waited for event TRADE_LITE number 2, saw 1 that fit",
        'x.yaml:1: steps[1]: not done: the run ended before step "first"',
        "x.yaml:1: steps[2]: not done: waited for request POST /fapi/v1/order number 1, saw 0 that fit",
        "x.yaml:1: steps[3]: not done: waited for the answer to POST /fapi/v1/order number 1, saw 0 that fit",
        "x.yaml:1: steps[4]: not done: waited for connection closed number 1, saw 0 that fit",
    )


def test_what_holds_when_the_time_is_over_has_passed() -> None:
    run = script(expect=(ConnectionsOpen(count=1),), timeout="1s", settle="5s")

    assert run.judge(truth(), 1_500) is None
    outcome = run.judge(truth(), 2_000)
    assert outcome is not None
    assert outcome.passed
