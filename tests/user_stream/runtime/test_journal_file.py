"""What a journal's file must be like to be whole, and to whom it belongs."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.user_stream.journal_facts import delivery, opened
from user_stream.core.journal_rows import fingerprint
from user_stream.errors import JournalError
from user_stream.runtime.journal_file import account_of, beside, connect, damage_of, hold, make


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A journal with three deliveries that nobody has open."""
    journal = opened(tmp_path / "journal")
    journal.write_ahead([delivery(1), delivery(2), delivery(3)])
    journal.close()
    return tmp_path / "journal"


def change(path: Path, statement: str) -> None:
    database = sqlite3.connect(path)
    database.execute(statement)
    database.commit()
    database.close()


def test_a_closed_journal_is_whole_and_looking_changes_nothing(path: Path) -> None:
    before = path.read_bytes()

    assert damage_of(path) is None
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("UPDATE head SET body = x'00' WHERE place = 1", "its first row cannot be read"),
        ("UPDATE head SET body = x'7b7d', seal = 3 WHERE place = 1", "its first row cannot be read"),
        ("UPDATE head SET seal = seal + 1 WHERE place = 1", "its first row cannot be read"),
        ("DELETE FROM head", "its first row cannot be read"),
        ("UPDATE told SET seal = 1 WHERE place > 1", "2 rows of its table 'told' are not as they were written"),
        ("DELETE FROM orders", "there are deliveries of unknown orders"),
        ("DROP TABLE intents", "no such table: intents"),
    ],
)
def test_what_is_wrong_is_said_and_saved(path: Path, statement: str, found: str) -> None:
    change(path, statement)

    assert damage_of(path) == found
    journal = opened(path)
    assert journal.damage is not None
    assert journal.damage.startswith(f"{found}. Saved: ")
    assert len(journal.resumption.told) >= 1
    journal.close()


def test_a_journal_is_made_for_one_account_and_for_nobody_elses_eyes(tmp_path: Path) -> None:
    make(tmp_path / "new", fingerprint("key")).close()
    connection = connect(tmp_path / "new")
    account = account_of(connection)
    connection.close()

    assert account is not None
    assert account.fingerprint == fingerprint("key")
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_one_holds_a_journal_at_a_time(path: Path) -> None:
    held = hold(path)
    with pytest.raises(JournalError, match="in use"):
        hold(path)
    held.close()
    hold(path).close()


def test_a_lock_that_is_none_is_named(path: Path) -> None:
    beside(path, "-lock").write_bytes(b"not a lock " * 100)

    with pytest.raises(JournalError, match=r"lock .*-lock cannot be taken"):
        hold(path)


def test_a_directory_is_no_journal(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()

    with pytest.raises(JournalError, match="is a directory: name a file in it"):
        opened(tmp_path / "journal")
