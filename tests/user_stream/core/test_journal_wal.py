"""The write-ahead log is read as SQLite reads it; what SQLite would drop in silence is counted."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from user_stream.core.journal_wal import read_wal

PAGE = 4096
FRAME = PAGE + 24


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(tmp_path / "log.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA wal_autocheckpoint=0")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, text TEXT)")
    yield connection
    connection.close()


def log_of(database: sqlite3.Connection) -> bytes:
    path = Path(database.execute("PRAGMA database_list").fetchone()[2])
    return path.with_name(path.name + "-wal").read_bytes()


def insert(database: sqlite3.Connection, count: int) -> None:
    for _ in range(count):
        database.execute("INSERT INTO t (text) VALUES (?)", ("x" * 1500,))


def with_garbage(log: bytes, at: int, length: int = 64) -> bytes:
    return log[:at] + bytes(byte ^ 0x5A for byte in log[at : at + length]) + log[at + length :]


def commits(log: bytes) -> list[int]:
    """Return the numbers of the frames that end a commit."""
    return [
        number for number, at in enumerate(range(32, len(log), FRAME)) if int.from_bytes(log[at + 4 : at + 8], "big")
    ]


def test_a_whole_log_gives_the_pages_as_they_are_now(database: sqlite3.Connection) -> None:
    insert(database, 20)
    log = read_wal(log_of(database), page_size=PAGE)
    database.execute("PRAGMA wal_checkpoint(FULL)")
    file = Path(database.execute("PRAGMA database_list").fetchone()[2]).read_bytes()

    assert log.lost_commits == 0
    assert {number: file[(number - 1) * PAGE : number * PAGE] for number in log.pages} == dict(log.pages)


def test_no_log_has_nothing_and_loses_nothing() -> None:
    assert read_wal(b"", page_size=PAGE) == ({}, 0)


def test_commits_after_garbage_in_a_page_are_lost(database: sqlite3.Connection) -> None:
    insert(database, 10)
    log = log_of(database)
    ends = commits(log)
    broken = with_garbage(log, 32 + FRAME * ends[6] + 24 + 100)

    assert read_wal(broken, page_size=PAGE).lost_commits == len(ends) - 6


def test_commits_after_garbage_over_a_frames_head_are_lost_but_for_its_own(database: sqlite3.Connection) -> None:
    insert(database, 10)
    log = log_of(database)
    ends = commits(log)

    assert read_wal(with_garbage(log, 32 + FRAME * ends[6], 24), page_size=PAGE).lost_commits == len(ends) - 7


def test_commits_under_a_broken_header_are_lost(database: sqlite3.Connection) -> None:
    insert(database, 10)
    log = log_of(database)

    assert read_wal(with_garbage(log, 0, 32), page_size=PAGE) == ({}, len(commits(log)))


@pytest.mark.parametrize("cut", [1, PAGE, FRAME - 1, FRAME])
def test_half_a_transaction_at_the_end_is_what_a_kill_leaves_and_no_damage(
    database: sqlite3.Connection, cut: int
) -> None:
    insert(database, 5)
    before = len(log_of(database))
    database.executescript("BEGIN; INSERT INTO t (text) VALUES (hex(zeroblob(9000))); COMMIT")
    log = log_of(database)
    assert len(log) - before > 3 * FRAME

    assert read_wal(log[:-cut], page_size=PAGE).lost_commits == 0
    assert read_wal(log[:-cut], page_size=PAGE).pages == read_wal(log[:before], page_size=PAGE).pages


def test_frames_of_an_earlier_run_of_the_log_mean_nothing(database: sqlite3.Connection) -> None:
    insert(database, 20)
    database.execute("PRAGMA wal_checkpoint(FULL)")
    insert(database, 1)  # the log starts over, and what it held before stays behind
    log = log_of(database)

    found = read_wal(log, page_size=PAGE)
    assert len(log) > 32 + FRAME * 10
    assert found.lost_commits == 0
    assert 0 < len(found.pages) <= 3
