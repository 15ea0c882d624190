"""Each event published once, whichever connection brings it first; one that comes twice, twice."""

from __future__ import annotations

from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from user_stream.core.echoes import Echoes


@given(data=st.data(), size=st.integers(1, 12))
def test_two_connections_publish_each_event_once_whatever_part_they_carry(data: st.DataObject, size: int) -> None:
    """Row 21: one begins late or ends early, both lag behind each other at will."""
    events = [str(number).encode() for number in range(size)]
    begins, ends = data.draw(st.integers(0, size)), data.draw(st.integers(0, size))
    waiting = {1: events[:ends], 2: events[min(begins, ends) :]}
    echoes, published = Echoes(), list[bytes]()
    while any(waiting.values()):
        epoch = data.draw(st.sampled_from([epoch for epoch, left in waiting.items() if left]))
        event = waiting[epoch].pop(0)
        if echoes.is_new(epoch, event):
            published.append(event)

    assert sorted(published) == sorted(events)


def test_each_connection_keeps_its_order_so_what_is_published_keeps_it_too() -> None:
    for first in product((1, 2), repeat=8):
        echoes, told, published = Echoes(), {1: 0, 2: 0}, list[int]()
        for epoch in first:
            if echoes.is_new(epoch, bytes([told[epoch]])):
                published.append(told[epoch])
            told[epoch] += 1
        assert published == list(range(max(told.values())))


def test_event_that_comes_twice_on_each_connection_is_published_twice() -> None:
    """Every interleaving of two connections that each carry it twice."""
    for places in combinations(range(4), 2):
        echoes = Echoes()
        assert sum(echoes.is_new(1 if place in places else 2, b"again") for place in range(4)) == 2


def test_third_connection_brings_nothing_new() -> None:
    echoes = Echoes()

    assert [echoes.is_new(epoch, b"event") for epoch in (1, 2, 3)] == [True, False, False]


def test_memory_is_bounded_and_what_it_forgot_is_new() -> None:
    """Rule 20: the ledger and the account feed know a repetition by themselves."""
    echoes = Echoes(limit=2)
    for event in (b"1", b"2", b"3"):
        assert echoes.is_new(1, event)

    assert [echoes.is_new(2, event) for event in (b"3", b"2", b"1")] == [False, False, True]
