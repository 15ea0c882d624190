"""What is due happens in the order of its time, and in the order of its setting where that is the same."""

from __future__ import annotations

from simulator.core.timer_queue import Timer, TimerQueue


class Diary:
    """A queue, what it fired, and how often its head was cancelled."""

    def __init__(self) -> None:
        self.fired: list[str] = []
        self.heads_cancelled = 0
        self.queue = TimerQueue(self._note)

    def add(self, due_s: float, name: str) -> None:
        self.queue.add(due_s, lambda: self.fired.append(name))

    def fire(self, now_s: float) -> list[str]:
        self.fired.clear()
        for timer in self.queue.take_due(now_s):
            timer.fire()
        return self.fired

    def _note(self) -> None:
        self.heads_cancelled += 1


def test_timers_come_in_the_order_of_their_times() -> None:
    diary = Diary()
    for due_s in (3, 1, 2):
        diary.add(due_s, f"at {due_s}")

    assert diary.queue.next_s == 1
    assert diary.fire(2) == ["at 1", "at 2"]
    assert diary.fire(9) == ["at 3"]
    assert diary.queue.next_s is None


def test_timers_of_one_time_come_in_the_order_of_their_setting() -> None:
    diary = Diary()
    names = [f"timer {number}" for number in range(50)]
    for name in names:
        diary.add(7, name)

    assert diary.fire(7) == names


def test_what_is_set_while_timers_fire_is_not_among_them() -> None:
    diary = Diary()
    diary.queue.add(1, lambda: diary.add(0, "set by the first"))
    diary.add(1, "second")

    assert diary.fire(1) == ["second"]
    assert diary.fire(1) == ["set by the first"]


def test_one_that_is_cancelled_by_another_of_the_same_time_does_not_fire() -> None:
    diary = Diary()
    victims: list[Timer] = []

    def cancel() -> None:
        victims[0].cancel()

    diary.queue.add(1, cancel)
    victims.append(diary.queue.add(1, lambda: diary.fired.append("victim")))

    assert diary.fire(1) == []


def test_a_cancelled_head_makes_way_and_is_told() -> None:
    diary = Diary()
    head = diary.queue.add(1, lambda: None)
    other = diary.queue.add(3, lambda: None)
    diary.add(2, "next")

    other.cancel()
    assert diary.heads_cancelled == 0
    head.cancel()
    head.cancel()

    assert (diary.heads_cancelled, diary.queue.next_s, len(diary.queue)) == (1, 2, 1)


def test_one_that_has_fired_can_be_cancelled_without_effect() -> None:
    diary = Diary()
    timer = diary.queue.add(1, lambda: None)
    for due in diary.queue.take_due(1):
        due.fire()
    timer.cancel()

    assert not timer.is_pending
    assert (repr(timer), len(diary.queue)) == ("<Timer 1 s over>", 0)


def test_cancelled_timers_do_not_pile_up() -> None:
    diary = Diary()
    diary.add(1, "stays")
    for _ in range(10_000):
        diary.queue.add(1e6, lambda: None).cancel()

    assert len(diary.queue) == 1
    assert len(diary.queue._heap) < 300  # noqa: SLF001  what is left over is nowhere else to be seen
    assert diary.fire(1) == ["stays"]
