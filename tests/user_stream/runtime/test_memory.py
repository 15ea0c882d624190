"""Group commits: what one step of the loop decides is written by one commit, and told after it, in its order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.user_stream.journal_facts import API_KEY, StandingClock, delivery
from user_stream.errors import JournalError
from user_stream.runtime.journal import Journal
from user_stream.runtime.memory import Memory


class Watched:
    """A journal's memory, and what happened in which order."""

    def __init__(self, path: Path, monkeypatch: pytest.MonkeyPatch, *, group: int = 64) -> None:
        self.journal = Journal.open(path, api_key=API_KEY, retention_s=3600, clock=StandingClock())
        self.memory = Memory(self.journal, group=group)
        self.happened: list[str] = []
        write_ahead = self.journal.write_ahead

        def written(told: list[object]) -> None:
            self.happened.append(f"wrote {len(told)}")
            write_ahead(told)  # type: ignore[arg-type]  # whatever the memory gave

        monkeypatch.setattr(self.journal, "write_ahead", written)

    def tells(self, number: int) -> None:
        self.memory.write_ahead([delivery(number)], self.says(f"told {number}"))

    def says(self, words: str) -> Callable[[], None]:
        return partial(self.happened.append, words)


@pytest.fixture
def watched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Watched:
    return Watched(tmp_path / "journal", monkeypatch)


async def test_what_one_step_decides_is_one_commit_and_told_after_it(watched: Watched) -> None:
    for number in (1, 2, 3):
        watched.tells(number)
    assert watched.happened == []
    await asyncio.sleep(0)

    assert watched.happened == ["wrote 3", "told 1", "told 2", "told 3"]
    watched.memory.close()


async def test_nothing_overtakes_what_waits_for_its_commit(watched: Watched) -> None:
    watched.memory.in_order(watched.says("before"))
    watched.tells(1)
    watched.memory.in_order(watched.says("an account update"))
    watched.tells(2)
    await asyncio.sleep(0)

    assert watched.happened == ["before", "wrote 2", "told 1", "an account update", "told 2"]
    watched.memory.close()


async def test_group_is_never_larger_than_what_may_be_told_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path / "journal", monkeypatch, group=2)
    for number in range(1, 6):
        watched.tells(number)
    await asyncio.sleep(0)

    assert [said for said in watched.happened if said.startswith("wrote")] == ["wrote 2", "wrote 2", "wrote 1"]
    watched.memory.close()


async def test_watermark_is_not_written_before_what_it_covers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rule 13."""
    path = tmp_path / "journal"
    watched = Watched(path, monkeypatch)
    watched.memory.cover(1000, 1000)
    watched.tells(1)
    watched.memory.cover(2000, 1000)
    watched.journal.commit()  # something else had to be written meanwhile
    watched.journal.abandon()

    left = Journal.open(path, api_key=API_KEY, retention_s=3600, clock=StandingClock())
    assert (left.resumption.watermark, left.resumption.told) == (1000, ())
    left.close()


async def test_commit_that_fails_is_heard_of_and_its_group_is_not_told(watched: Watched) -> None:
    failures: list[JournalError] = []
    watched.memory.on_failure = failures.append
    watched.tells(1)
    watched.journal.abandon()
    await asyncio.sleep(0)

    assert len(failures) == 1
    assert "told 1" not in watched.happened


def test_without_a_journal_everything_is_told_at_once() -> None:
    happened: list[str] = []
    Memory().write_ahead([delivery(1)], partial(happened.append, "told"))

    assert happened == ["told"]
