"""What happens is written down in order and told when it is complete."""

from __future__ import annotations

import asyncio

import pytest

from simulator import Journal, JournalEntry
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock


def a_chronicle() -> Chronicle:
    return Chronicle(Journal(), Clock(1_000))


async def test_an_entry_is_told_at_once() -> None:
    chronicle = a_chronicle()
    told: list[JournalEntry] = []
    chronicle.subscribe(told.append)

    entry = chronicle.record("note", summary="a")

    assert told == [entry]
    assert entry.time_ms == 1_000


async def test_what_belongs_together_is_told_together() -> None:
    chronicle = a_chronicle()
    told: list[str] = []
    chronicle.subscribe(lambda entry: told.append(entry.summary))

    with chronicle.turn():
        chronicle.record("note", summary="a")
        with chronicle.turn():
            chronicle.record("note", summary="b")
        assert told == []

    assert told == ["a", "b"]


async def test_what_a_subscriber_causes_is_told_after_what_it_was_told() -> None:
    chronicle = a_chronicle()
    told: list[str] = []

    def react(entry: JournalEntry) -> None:
        if entry.summary == "cause":
            chronicle.record("note", summary="effect")

    chronicle.subscribe(react)
    chronicle.subscribe(lambda entry: told.append(entry.summary))
    with chronicle.turn():
        chronicle.record("note", summary="cause")
        chronicle.record("note", summary="other")

    assert told == ["cause", "other", "effect"]


async def test_a_subscription_can_be_ended() -> None:
    chronicle = a_chronicle()
    told: list[JournalEntry] = []
    end = chronicle.subscribe(told.append)

    end()
    end()
    chronicle.record("note")

    assert told == []


async def test_a_subscriber_that_fails_is_kept_and_the_others_are_told() -> None:
    chronicle = a_chronicle()
    told: list[str] = []

    def fail(entry: JournalEntry) -> None:
        if entry.kind == "note":
            raise ZeroDivisionError(entry.summary)

    chronicle.subscribe(fail)
    chronicle.subscribe(lambda entry: told.append(entry.kind))
    chronicle.record("note", summary="a")

    assert [str(failure) for failure in chronicle.failures] == ["a"]
    assert told == ["note", "failure"]


async def test_waiting_ends_when_the_condition_holds() -> None:
    chronicle = a_chronicle()
    waiting = asyncio.ensure_future(chronicle.wait_for(lambda: len(chronicle.journal) == 2, 60))
    await asyncio.sleep(1)
    chronicle.record("note")
    await asyncio.sleep(1)
    assert not waiting.done()

    chronicle.record("note")

    await waiting


async def test_waiting_in_vain_shows_the_last_entries() -> None:
    chronicle = a_chronicle()
    chronicle.record("note", summary="the only clue")

    with pytest.raises(TimeoutError, match="the only clue"):
        await chronicle.wait_for(lambda: False, 60)


async def test_a_condition_that_raises_is_the_waiters() -> None:
    chronicle = a_chronicle()
    waiting = asyncio.ensure_future(chronicle.wait_for(lambda: bool(1 / (1 - len(chronicle.journal)) < 0), 60))
    await asyncio.sleep(1)

    chronicle.record("note")

    with pytest.raises(ZeroDivisionError):
        await waiting
