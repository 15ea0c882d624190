"""Rows 3, 8, 13 to 15: every ordering of the short dangerous windows; `simulator interleavings` tries the long ones."""

from __future__ import annotations

import functools
import itertools
from math import factorial

import pytest

from benchmarks.naive import NaiveEngine
from simulator.chaos.interleavings import Bench, Law, Ordering, Window, orderings, try_ordering
from simulator.chaos.user_stream_engine import UserStreamEngine
from simulator.chaos.windows import WINDOWS

pytestmark = pytest.mark.no_cover

BY_NAME = {window.name: window for window in WINDOWS}
SHORT: list[tuple[str, Law]] = [("cancel, filled", "any"), ("open orders, fill", "tcp")]
ANSWER = "answer POST /fapi/v1/order"


@functools.cache
def told(name: str, law: Law) -> tuple[Ordering, ...]:
    return tuple(orderings(BY_NAME[name], UserStreamEngine, law=law))


@pytest.mark.parametrize(("name", "law"), SHORT)
def test_every_ordering_of_a_short_window_ends_with_engine_and_exchange_equal(name: str, law: Law) -> None:
    tried = told(name, law)

    assert [ordering for ordering in tried if not ordering.passed] == []
    assert len({ordering.released for ordering in tried}) == len(tried), "no ordering is tried twice"


def test_messages_of_one_connection_keep_their_order_under_tcp_and_take_every_order_under_any() -> None:
    in_order, anyhow = told("cancel, filled", "tcp"), told("cancel, filled", "any")
    frames = [tuple(label for label in ordering.released if not label.startswith("answer")) for ordering in in_order]

    assert len(in_order) == 4
    assert len(set(frames)) == 1
    assert {ordering.released for ordering in anyhow} == set(itertools.permutations(in_order[0].released))
    assert len(anyhow) == factorial(4)


def test_answer_after_the_events_undoes_what_they_said_to_the_naive_engine() -> None:
    """Row 13: so the runner can fail, and says by which ordering."""
    tried = list(orderings(BY_NAME["place, acknowledge, fill"], NaiveEngine))
    failed = [ordering for ordering in tried if not ordering.passed]

    assert len(tried) == 5
    assert [ordering.released[-1] for ordering in failed] == [ANSWER]
    assert "the exchange has FILLED 0.010, the engine NEW" in failed[0].divergences[0].what


def test_ordering_is_the_same_when_its_choices_are_tried_again() -> None:
    window = BY_NAME["place, acknowledge, fill"]
    first = try_ordering(window, NaiveEngine, (1, 1, 1, 1, 0))

    assert try_ordering(window, NaiveEngine, first.choices) == first
    assert len(first.released) == 5


def test_move_comes_before_and_after_every_message() -> None:
    """Row 8: the fill is in the gap, before the answer, after it, and in the stream again."""
    tried = told("open orders, fill", "tcp")
    places = {ordering.released.index("the order is filled") for ordering in tried}

    assert places == {0, 1, 2, 3}


def nothing(_: Bench) -> None:
    """Happen, and change nothing."""


def window_of(moves: int) -> Window:
    named = {f"move {number}": nothing for number in range(1, moves + 1)}
    return Window(name="moves", about="Nothing but moves.", messages=(), begin=nothing, moves=named)


def test_ordering_with_more_choices_than_a_window_may_have_is_cut_and_does_not_pass() -> None:
    cut = try_ordering(window_of(21), NaiveEngine, ())

    assert cut.released == tuple(f"move {number}" for number in range(1, 21))
    assert cut.cut == ("move 21", "(wait for a message)")
    assert cut.divergences == ()
    assert not cut.passed


def test_ordering_with_as_many_choices_as_a_window_may_have_is_whole() -> None:
    whole = try_ordering(window_of(20), NaiveEngine, ())

    assert len(whole.released) == 20
    assert whole.cut == ()
    assert whole.passed
