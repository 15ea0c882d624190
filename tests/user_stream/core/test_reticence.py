"""What one connection told is owed by the others, until they tell it too."""

from __future__ import annotations

from user_stream.core.reticence import Reticence


def test_event_that_another_connection_told_is_owed_until_it_comes() -> None:
    reticence = Reticence()
    reticence.told(1, b"a", is_new=True, others=[2], now_s=10.0)
    assert reticence.behind(10.0) == {2}
    assert reticence.behind(9.9) == set()

    reticence.told(2, b"a", is_new=False, others=[1], now_s=11.0)
    assert reticence.behind(99.0) == set()


def test_event_that_comes_twice_is_owed_twice() -> None:
    reticence = Reticence()
    reticence.told(1, b"a", is_new=True, others=[2], now_s=10.0)
    reticence.told(1, b"a", is_new=True, others=[2], now_s=20.0)
    reticence.told(2, b"a", is_new=False, others=[1], now_s=21.0)

    assert reticence.behind(19.0) == set()
    assert reticence.behind(20.0) == {2}


def test_connection_alone_owes_nothing() -> None:
    reticence = Reticence()
    reticence.told(1, b"a", is_new=True, others=[], now_s=10.0)

    assert reticence.behind(99.0) == set()


def test_connection_that_begins_anew_owes_nothing() -> None:
    reticence = Reticence()
    reticence.told(1, b"a", is_new=True, others=[2, 3], now_s=10.0)
    reticence.forgive(2)
    reticence.told(2, b"a", is_new=False, others=[1, 3], now_s=11.0)

    assert reticence.behind(99.0) == {3}


def test_what_a_dead_connection_owes_is_bounded_and_the_oldest_stays() -> None:
    reticence = Reticence()
    for number in range(10_000):
        reticence.told(1, b"%d" % number, is_new=True, others=[2], now_s=float(number))

    assert reticence.behind(0.0) == {2}
    assert len(reticence._owed[2]) == 4096  # noqa: SLF001  the bound is what is tested
