"""Records can be shown as they were, as far back as the memory reaches."""

from __future__ import annotations

from simulator.core.accounts.past import MOST_LAG_MS, Past


def test_changes_after_a_moment_are_undone_the_newest_first() -> None:
    past: Past[str, int] = Past()
    past.note("a", None, 10)
    past.note("a", 1, 20)
    past.note("b", None, 20)
    past.note("a", 2, 30)
    present = {"a": 3, "b": 7}

    seen = {time_ms: past.rewind(present, time_ms) for time_ms in (9, 10, 19, 20, 30)}

    assert seen == {9: {}, 10: {"a": 1}, 19: {"a": 1}, 20: {"a": 2, "b": 7}, 30: present}


def test_the_memory_is_bounded_in_time() -> None:
    past: Past[str, int] = Past()
    past.note("a", None, 0)
    past.note("a", 1, MOST_LAG_MS + 1)

    assert past.rewind({"a": 2}, -1) == {"a": 1}
