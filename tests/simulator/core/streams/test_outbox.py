"""What waits on a connection goes out in the order of its type, and holds up no other."""

from __future__ import annotations

from simulator import Hold
from simulator.core.faults.frame_fault import FrameRule
from simulator.core.scenario.trigger import EventPattern
from simulator.core.streams.outbox import Outbox


def a_rule() -> FrameRule:
    return FrameRule(Hold(), EventPattern("*"), connection=None, nth=1, times=None)


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
