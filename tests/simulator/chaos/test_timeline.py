"""A timeline shows what led to a divergence, on both sides, and nothing that has nothing to do with it."""

from __future__ import annotations

from simulator.chaos.result import Divergence
from simulator.chaos.timeline import Moment, timeline
from simulator.core.journal import JournalEntry
from tests.simulator.core.journal_entries import connection, event, request, response

FILLED = Divergence(rule="order", what="order c-1: FILLED, the engine NEW\nmore", at_ms=5_000, about="c-1")


def shown(*entries: JournalEntry, moments: tuple[Moment, ...] = (), divergence: Divergence = FILLED) -> list[str]:
    return [line.partition("  ")[2] for line in timeline(divergence, entries, moments)]


def test_both_sides_are_one_list_by_time_with_the_divergence_in_its_place() -> None:
    lines = timeline(
        FILLED,
        [event(time_ms=1_500, c="c-1"), event(time_ms=9_000, c="c-1")],
        [Moment(time_ms=2_000, text="told NEW", about=("c-1",))],
    )

    assert [line.split()[:2] for line in lines] == [
        ["00:00:01.500", "exchange"],
        ["00:00:02.000", "engine"],
        ["00:00:05.000", ">>>"],
        ["00:00:09.000", "exchange"],
    ]
    assert lines[2].endswith("order c-1: FILLED, the engine NEW")


def test_another_order_is_left_out_and_what_concerns_all_is_kept() -> None:
    lines = shown(
        event(c="c-2"),
        connection("closed"),
        JournalEntry(seq=1, time_ms=0, kind="listen_key", summary="expired"),
        moments=(Moment(time_ms=0, text="told c-2", about=("c-2",)), Moment(time_ms=1, text="life 2 begins")),
    )

    assert [line.split()[1] for line in lines[:-1]] == ["·", "·", "life"]


def test_what_is_done_to_another_order_or_symbol_is_left_out() -> None:
    def action(summary: str) -> JournalEntry:
        return JournalEntry(seq=1, time_ms=0, kind="action", summary=summary)

    lines = shown(
        event(c="c-1", s="BTCUSDT"),
        event(c="c-2", s="ETHUSDT", i=8),
        action("fill 1 of c-1"),
        action("fill 1 of c-2"),
        action("fault: request order=c-2 Drop"),
        action("fault: request path=* Drop"),
        action("funding of ETHUSDT"),
        action("funding of BTCUSDT"),
    )

    assert [line.partition("action")[2].strip() for line in lines[1:-1]] == [
        "fill 1 of c-1",
        "fault: request path=* Drop",
        "funding of BTCUSDT",
    ]


def test_an_order_is_also_found_under_the_exchanges_id() -> None:
    lines = shown(
        event(c="c-1", i=77), request("GET", orderId="77"), request("GET", orderId="78"), response(orderId=77)
    )

    assert [line.split()[2] for line in lines[:-1]] == ["event", "request", "response"]


def test_a_symbol_is_found_inside_an_account_update() -> None:
    about_position = Divergence(rule="position", what="position", at_ms=9, about="BTCUSDT")
    update = JournalEntry(seq=1, time_ms=0, kind="event", event="ACCOUNT_UPDATE", body={"a": {"P": [{"s": "BTCUSDT"}]}})
    other = JournalEntry(seq=1, time_ms=0, kind="event", event="ACCOUNT_UPDATE", body={"a": {"P": [{"s": "ETHUSDT"}]}})

    assert len(shown(update, other, divergence=about_position)) == 2


def test_most_lines_are_those_before_the_divergence() -> None:
    entries = [event(time_ms=time_ms, c="c-1") for time_ms in range(0, 10_000, 50)]

    lines = timeline(FILLED, entries, [], most=40)

    found = next(index for index, line in enumerate(lines) if ">>>" in line)
    assert (found, len(lines)) == (32, 41)
    assert lines[found - 1].startswith("00:00:05.000")


def test_of_a_divergence_about_nothing_everything_is_shown_but_prices() -> None:
    hung = Divergence(rule="hung", what="hung", at_ms=0)
    market = JournalEntry(seq=1, time_ms=0, kind="market", summary="BTCUSDT is at 59000")

    assert len(shown(event(), market, divergence=hung)) == 2


def test_a_request_says_what_it_asked_for_and_an_answer_why_not() -> None:
    lines = shown(request(newClientOrderId="c-1", timestamp="1", signature="…"), response(code=-2019, msg="No."))

    assert lines[0].endswith("POST /fapi/v1/order newClientOrderId=c-1")
    assert lines[1].endswith("200 code=-2019 msg=No.")


def test_what_is_asked_again_and_again_is_shown_twice() -> None:
    asking = [request("GET", time_ms=time_ms, origClientOrderId="c-1") for time_ms in range(1_000, 5_000, 100)]

    lines = timeline(FILLED, [event(time_ms=500, c="c-1"), *asking], [])

    assert [line.partition("  ")[0] for line in lines] == [
        "00:00:00.500",
        "00:00:01.000",
        "00:00:04.900",
        "00:00:05.000",
    ]
    assert lines[2].endswith("origClientOrderId=c-1 (for the 40th time)")


def test_what_happened_again_and_again_is_shown_each_time() -> None:
    fills = [event("TRADE_LITE", time_ms=time_ms, c="c-1") for time_ms in range(1_000, 2_000, 100)]

    assert len(timeline(FILLED, fills, [])) == 11
