"""A time line says what time it is, and when it will be."""

from __future__ import annotations

from simulator.core.time_line import TimeLine


def test_the_first_line_is_the_loops_time_to_the_last_bit() -> None:
    line = TimeLine()

    assert all(line.at(loop_s) == loop_s == line.reaches(loop_s) for loop_s in (0.1, 1e6 / 3, 12_345.678901))


def test_a_faster_line_is_sixty_times_as_far_and_is_reached_sixty_times_as_soon() -> None:
    line = TimeLine(here_s=1000.0, loop_s=10.0, pace=60.0)

    assert line.at(11.0) == 1060.0
    assert line.reaches(1120.0) == 12.0


def test_where_time_stands_only_what_is_over_is_reached() -> None:
    line = TimeLine(here_s=1000.0, loop_s=10.0, pace=0.0)

    assert line.at(99.0) == 1000.0
    assert line.reaches(1000.0) == 10.0
    assert line.reaches(1000.001) is None
