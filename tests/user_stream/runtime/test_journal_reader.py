"""A journal can be looked into at any time, and the writer never notices."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.user_stream.journal_facts import NOW_MS, StandingClock, delivery, intent, opened
from user_stream.core.journal_export import KeptFrame
from user_stream.core.journal_rows import Progress
from user_stream.errors import JournalError
from user_stream.runtime.journal import Journal
from user_stream.runtime.journal_file import beside
from user_stream.runtime.journal_reader import reading


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal that is being written."""
    clock = StandingClock()
    journal = opened(tmp_path / "journal", clock=clock)
    journal.intend(intent("in-flight"))
    for number in range(1, 1_201):
        clock.now_ms += 10
        journal.frame(clock.now_ms, 1, b"{}")
        journal.write_ahead([delivery(number, order=number // 2, status="FILLED" if number % 2 else "NEW")])
        journal.acknowledge(number)
    yield journal
    journal.close()


def test_a_journal_in_use_is_read(journal: Journal, tmp_path: Path) -> None:
    with reading(tmp_path / "journal") as reader:
        found = reader.overview()
        told = list(reader.told())

    assert (found.told, found.frames, found.open_orders, found.ended_orders) == (1_200, 1_200, 1, 600)
    assert found.intents == (intent("in-flight"),)
    assert found.progress == Progress(acknowledged=1_199, next_place=1_201, next_delivery_id=1_201)
    assert [row.told.update["delivery_id"] for row, _ in told] == list(range(1, 1_201))
    assert [acknowledged for _, acknowledged in told] == [True] * 1_199 + [False]
    assert journal.damage is None


def test_a_reader_that_stands_still_does_not_make_the_log_grow(journal: Journal, tmp_path: Path) -> None:
    with reading(tmp_path / "journal") as reader:
        rows = reader.told()
        next(rows)
        for number in range(1_201, 4_201):
            journal.write_ahead([delivery(number)])
        assert beside(tmp_path / "journal", "-wal").stat().st_size < 2_000_000
        assert sum(1 for _ in rows) == 4_199


def test_a_journal_of_a_killed_process_is_read(journal: Journal, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for ending in ("", "-wal"):
        beside(copy, ending).write_bytes(beside(tmp_path / "journal", ending).read_bytes())

    with reading(copy) as reader:
        assert reader.overview().told == 1_200
    assert journal.damage is None


@pytest.mark.usefixtures("journal")
def test_only_what_came_since_a_moment_is_read(tmp_path: Path) -> None:
    with reading(tmp_path / "journal") as reader:
        assert len(list(reader.told(since_ms=NOW_MS + 11_900))) == 11
        assert len(list(reader.frames(since_ms=NOW_MS + 11_900))) == 11
        history = list(reader.history(since_ms=NOW_MS + 11_990))

    assert [isinstance(item, KeptFrame) for item in history] == [True, False, True, False]


def test_rows_that_are_not_as_they_were_written_are_left_out_and_counted(tmp_path: Path) -> None:
    journal = opened(tmp_path / "journal")
    journal.write_ahead([delivery(1), delivery(2)])
    journal.close()
    database = sqlite3.connect(tmp_path / "journal")
    database.execute("UPDATE told SET body = replace(body, 'NEW', 'OLD') WHERE place = 1")
    database.commit()
    database.close()

    with reading(tmp_path / "journal") as reader:
        assert [row.told.update["delivery_id"] for row, _ in reader.told()] == [2]
        assert reader.unreadable == 1


def test_what_is_no_journal_says_so(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="there is no journal"), reading(tmp_path / "journal"):
        pass
    (tmp_path / "journal").write_bytes(b"text" * 2_000)
    with pytest.raises(JournalError, match="not a database"), reading(tmp_path / "journal"):
        pass
    (tmp_path / "journal").write_bytes(b"")
    with pytest.raises(JournalError, match="cannot be read"), reading(tmp_path / "journal"):
        pass
