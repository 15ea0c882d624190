"""What waits on a connection goes out in the order of its type, and holds up no other."""

from __future__ import annotations

from simulator.core.streams.outbox import Outbox


def a_rule() -> object:
    return object()


def test_a_frame_waits_for_those_of_its_type_and_for_no_others() -> None:
    outbox = Outbox()
    outbox.delay("A", b"A1", 30)
    outbox.delay("A", b"A2", 10)
    outbox.delay("B", b"B1", 20)

    assert ("A" in outbox, "C" in outbox, len(outbox), outbox.next_due_ms()) == (True, False, 3, 20)
    assert outbox.take_due(20) == [b"B1"]
    assert outbox.take_due(30) == [b"A1", b"A2"]
    assert (len(outbox), outbox.next_due_ms()) == (0, None)


def test_what_is_due_together_goes_out_in_the_order_of_its_making() -> None:
    outbox = Outbox()
    for lane, frame in (("A", b"1"), ("B", b"2"), ("A", b"3")):
        outbox.delay(lane, frame, 50)

    assert outbox.take_due(60) == [b"1", b"2", b"3"]


def test_what_is_held_goes_out_when_its_rule_is_released() -> None:
    outbox, rule, other = Outbox(), a_rule(), a_rule()
    outbox.hold("A", b"A1", rule)
    outbox.delay("A", b"A2", 5)
    outbox.hold("B", b"B1", other)
    assert (outbox.take_due(1_000), outbox.next_due_ms()) == ([], None)

    outbox.release(rule, 1_000)

    assert outbox.take_due(1_000) == [b"A1", b"A2"]
    assert "B" in outbox


def test_a_frame_lets_others_of_its_type_pass_and_goes_out_right_behind_them() -> None:
    outbox = Outbox()
    outbox.let_pass("A", b"A1", ("its_type", 2), 100, None)
    outbox.pass_all("B", 10)
    outbox.pass_all("A", 20)
    assert outbox.take_due(20) == []
    outbox.delay("A", b"A3", 30)
    outbox.delay("A", b"A4", 30)

    assert outbox.take_due(30) == [b"A3", b"A1", b"A4"]


def test_a_frame_lets_other_types_pass_and_holds_up_its_own() -> None:
    outbox = Outbox()
    outbox.let_pass("A", b"A1", ("other_types", 1), 100, None)
    outbox.delay("A", b"A2", 10)
    assert outbox.take_due(10) == []
    outbox.pass_all("B", 20)

    assert outbox.take_due(20) == [b"A1", b"A2"]


def test_what_was_made_before_overtakes_nothing_and_patience_ends() -> None:
    outbox = Outbox()
    outbox.delay("A", b"A1", 50)
    outbox.let_pass("A", b"A2", ("its_type", 1), 100, None)

    assert outbox.take_due(50) == [b"A1"]
    assert outbox.next_due_ms() == 100
    assert outbox.take_due(100) == [b"A2"]


def test_what_lets_others_pass_goes_out_when_its_holder_is_released() -> None:
    outbox = Outbox()
    holder = object()
    outbox.let_pass("A", b"A1", ("other_types", 1), 100, holder)
    outbox.release(holder, 5)

    assert outbox.take_due(5) == [b"A1"]
