"""Which connections prove anything by what they tell."""

from __future__ import annotations

from user_stream.core.epochs import NO_EPOCH, Epochs


def test_epochs_are_numbered_from_one() -> None:
    epochs = Epochs()
    assert epochs.newest == NO_EPOCH

    assert [epochs.begin(), epochs.begin(), epochs.cut()] == [1, 2, 3]
    assert epochs.newest == 3


def test_several_whole_connections_live_at_once() -> None:
    epochs = Epochs()
    both = [epochs.begin(), epochs.begin()]

    assert all(map(epochs.is_whole, both))
    assert not epochs.is_whole(NO_EPOCH)


def test_what_is_left_of_a_connection_that_lost_a_frame_is_not_whole() -> None:
    assert not Epochs().is_whole(Epochs().cut())


def test_no_connection_of_long_ago_is_remembered() -> None:
    epochs = Epochs()
    first = epochs.begin()

    for _ in range(1_000):
        epochs.begin()

    assert not epochs.is_whole(first)
