"""The file of a journal: its tables, who may write it, and whether it is whole.

SQLite in WAL mode, `synchronous=OFF`. A process that is killed loses nothing that it wrote, for what was written is the
kernel's already; only a machine that dies does, and that is not promised. NORMAL would promise no more (it, too, loses
the last commits), but keeps the callbacks waiting for the disk at every checkpoint, and FULL at every commit
(`benchmarks/journal.py`). A file that a dying machine has torn is found and salvaged like any other.

One process writes. It holds a lock on a file beside the journal, which SQLite takes, so that a kill lets go of it and a
fork does not carry it on; the journal itself stays open to readers.

A file is whole when its log holds every commit, SQLite finds its pages in order, and every row but the frames
(evidence, not state) bears its seal.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote

from user_stream.core.journal_rows import (
    FORMAT,
    Account,
    Table,
    UnreadableRowError,
    bears_seal,
    decode_account,
    encode,
    seal,
)
from user_stream.core.journal_wal import read_wal
from user_stream.errors import JournalError

__all__ = [
    "ACCOUNT_PLACE",
    "PAGE_SIZE",
    "PROGRESS_PLACE",
    "account_of",
    "another_account",
    "beside",
    "connect",
    "connect_read_only",
    "damage_of",
    "hold",
    "make",
    "read_log",
]

PAGE_SIZE: Final = 4096
ACCOUNT_PLACE: Final = 1
PROGRESS_PLACE: Final = 2

_SCHEMA: Final = """
CREATE TABLE head (place INTEGER PRIMARY KEY, body BLOB NOT NULL, seal INTEGER NOT NULL);
CREATE TABLE intents (
    place INTEGER PRIMARY KEY, client_order_id TEXT NOT NULL, body BLOB NOT NULL, seal INTEGER NOT NULL,
    order_number INTEGER
);
CREATE UNIQUE INDEX in_flight ON intents (client_order_id) WHERE order_number IS NULL;
CREATE INDEX intent_of_order ON intents (order_number) WHERE order_number IS NOT NULL;
CREATE TABLE orders (
    number INTEGER PRIMARY KEY, symbol TEXT NOT NULL, order_id TEXT NOT NULL, ended_ms INTEGER,
    UNIQUE (symbol, order_id)
);
CREATE INDEX ended ON orders (ended_ms) WHERE ended_ms IS NOT NULL;
CREATE TABLE told (
    place INTEGER PRIMARY KEY, order_number INTEGER NOT NULL, body BLOB NOT NULL, seal INTEGER NOT NULL
);
CREATE INDEX told_of_order ON told (order_number);
CREATE TABLE frames (
    place INTEGER PRIMARY KEY, received_ms INTEGER NOT NULL, epoch INTEGER NOT NULL, body BLOB NOT NULL,
    seal INTEGER NOT NULL
);
"""


def beside(path: Path, ending: str) -> Path:
    """Return the file next to the journal whose name goes on like this."""
    return path.with_name(path.name + ending)


def hold(path: Path) -> sqlite3.Connection:
    """Keep every other process from writing this journal until the returned connection is closed, or we are killed.

    Raises `JournalError` when another one, or this one, writes it.
    """
    lock = beside(path, "-lock")
    connection = None
    try:
        connection = sqlite3.connect(lock, timeout=0, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.DatabaseError as error:
        if connection is not None:
            connection.close()
        if "locked" in str(error):
            message = f"the journal {path} is in use: one process at a time can write it, for one account"
            raise JournalError(message) from None
        message = f"the journal's lock {lock} cannot be taken: {error}. Is its directory there, and writable?"
        raise JournalError(message) from error
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """Open a journal for writing. The caller holds it."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        for setting in (
            "journal_mode=WAL",
            "synchronous=OFF",
            "wal_autocheckpoint=250",  # a small log: short checkpoints, and little to look through after a kill
            "journal_size_limit=4194304",
            "secure_delete=ON",  # what was pruned must not come back when a damaged file is salvaged
        ):
            connection.execute(f"PRAGMA {setting}").fetchall()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Open a journal that somebody else may be writing. Raises `JournalError` when there is none."""
    if not path.is_file():
        message = f"there is no journal {path}"
        raise JournalError(message)
    return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=ro", uri=True, isolation_level=None)


def make(at: Path, account: str) -> sqlite3.Connection:
    """Begin a journal at a path of no meaning yet; whoever calls fills it, closes it, and moves it into its place."""
    at.unlink(missing_ok=True)
    beside(at, "-journal").unlink(missing_ok=True)
    os.close(os.open(at, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    connection = sqlite3.connect(at, isolation_level=None)
    connection.execute(f"PRAGMA page_size={PAGE_SIZE}")
    connection.execute("PRAGMA synchronous=OFF")
    connection.executescript(_SCHEMA)
    body = encode(Account(FORMAT, account))
    connection.execute(
        "INSERT INTO head VALUES (?, ?, ?)", (ACCOUNT_PLACE, body, seal("head", ACCOUNT_PLACE, account, body))
    )
    return connection


def account_of(connection: sqlite3.Connection) -> Account | None:
    """Return whose journal this is, None when its first row is not whole. Raises `JournalError` when it is of a
    version that we cannot read.
    """
    row = connection.execute("SELECT body, seal FROM head WHERE place = ?", (ACCOUNT_PLACE,)).fetchone()
    try:
        account = decode_account(row[0]) if row else None
    except (UnreadableRowError, TypeError):
        return None
    if account is None or seal("head", ACCOUNT_PLACE, account.fingerprint, row[0]) != row[1]:
        return None
    if account.format != FORMAT:
        message = f"the journal is in format {account.format}, and this version reads format {FORMAT}: use another file"
        raise JournalError(message)
    return account


def another_account(path: Path) -> JournalError:
    """Return the error for a journal that belongs to another API key."""
    return JournalError(f"the journal {path} belongs to another API key: each account has a file of its own")


# --- is it whole? -------------------------------------------------------------------------------------------------


def read_log(path: Path) -> bytes:
    """Return the bytes of the write-ahead log, none when there is none."""
    try:
        return beside(path, "-wal").read_bytes()
    except FileNotFoundError:
        return b""


def damage_of(path: Path) -> str | None:
    """Say what is wrong with a journal that nobody has open; None when it is whole.

    Raises `JournalError` for one of a version that we cannot read.
    """
    lost = read_wal(read_log(path), page_size=PAGE_SIZE).lost_commits
    if lost:
        return f"{lost} commits at the end of its write-ahead log cannot be read"
    if not path.exists() or not path.stat().st_size:
        return "the file is gone, or empty"
    connection = None
    try:
        connection = connect_read_only(path)  # somebody else's database, named by mistake, stays as it is
        return _complaint(connection)
    except sqlite3.DatabaseError as error:
        return str(error)
    finally:
        if connection is not None:
            connection.close()


def _complaint(connection: sqlite3.Connection) -> str | None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()
    if found != ("ok",):
        return " ".join(str(found[0]).split())
    account = account_of(connection)
    if account is None:
        return "its first row cannot be read"
    for table in ("head", "intents", "told"):
        broken = sum(1 for _ in _broken_rows(connection, table, account.fingerprint))
        if broken:
            return f"{broken} rows of its table {table!r} are not as they were written"
    stray = connection.execute("SELECT count(*) FROM told WHERE order_number NOT IN (SELECT number FROM orders)")
    if stray.fetchone() != (0,):
        return "there are deliveries of unknown orders"
    return None


def _broken_rows(connection: sqlite3.Connection, table: Table, account: str) -> Iterator[int]:
    for place, body, found in connection.execute(f"SELECT place, body, seal FROM {table}"):  # noqa: S608  our own name
        if not bears_seal(table, place, account, body, found):
            yield place
