"""What can be saved of a damaged journal goes into a fresh file; the damaged one is kept beside it.

Nothing of SQLite's is trusted but single pages: those of the file, with the log's whole commits laid over them. Every
row that bears its seal is taken, wherever it is found, and the rest of the file (which order a delivery belongs to,
which order ended when) is made anew from these. What followed the damage in the log is cut: it might contradict what is
left.

The fresh file takes its place in steps, each of which can be the last one of a killed process: it is complete before it
gets the name `-salvaged`, and from then on whoever opens the journal next finishes the move.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from user_stream.core.journal_pages import Row, rows_of_page
from user_stream.core.journal_rows import (
    Account,
    Progress,
    UnreadableRowError,
    decode_account,
    decode_intent,
    decode_progress,
    decode_told,
    encode,
    seal,
)
from user_stream.core.journal_wal import read_wal
from user_stream.errors import JournalError
from user_stream.runtime.journal_file import (
    ACCOUNT_PLACE,
    PAGE_SIZE,
    PROGRESS_PLACE,
    another_account,
    beside,
    make,
    read_log,
)
from user_stream.runtime.journal_tables import InFlight, OrderNumbers

__all__ = ["finish_salvage", "salvage", "set_aside"]

_ID_GAP: Final = 1_000_000
"""Delivery ids go on so much later: those of what was lost must not be used again."""


@dataclass
class _Found:
    """The rows that could be saved, but for frames, by place."""

    account: Account | None = None
    progress: Progress | None = None
    intents: dict[int, bytes] = field(default_factory=dict)
    told: dict[int, bytes] = field(default_factory=dict)
    frames: int = 0

    def __bool__(self) -> bool:
        return bool(self.account or self.progress or self.intents or self.told or self.frames)


def salvage(path: Path, account: str, *, damage: str, now_ms: int, is_ours: bool) -> str:
    """Put a fresh journal with all that can be saved in the place of a damaged one; return what there is to report.

    `is_ours`: a journal is known to have been here. Raises `JournalError` when the file is another account's, or
    nothing shows that it ever was a journal.
    """
    fresh = beside(path, "-making")
    connection = make(fresh, account)
    try:
        connection.execute("BEGIN")
        found = _read(path, account, connection)
        _require_ours(path, found, account, is_ours=is_ours)
        _write(found, account, connection)
        connection.execute("COMMIT")
    finally:
        connection.close()
    aside = set_aside(path, "damaged", now_ms)
    fresh.replace(beside(path, "-salvaged"))
    finish_salvage(path)
    return (
        f"{damage}. Saved: {len(found.told)} deliveries, {len(found.intents)} intents, {found.frames} frames. "
        f"The damaged file is kept as {aside}"
    )


def finish_salvage(path: Path) -> None:
    """Do what is left of a salvage, if anything is. A log must be gone before the file that it does not belong to is
    there.
    """
    salvaged = beside(path, "-salvaged")
    if not salvaged.exists():
        return
    for ending in ("-wal", "-shm"):
        beside(path, ending).unlink(missing_ok=True)
    salvaged.replace(path)


# --- reading ------------------------------------------------------------------------------------------------------


def _read(path: Path, account: str, fresh: sqlite3.Connection) -> _Found:
    """Collect the rows; frames, of which there may be very many, go into the fresh file at once."""
    found = _Found()
    log = read_wal(read_log(path), page_size=PAGE_SIZE).pages
    with path.open("rb") if path.exists() else Path(os.devnull).open("rb") as file:
        for row in _rows(file, log):
            _sort_in(found, row, account, fresh)
    return found


def _rows(file: BinaryIO, log: Mapping[int, bytes]) -> Iterator[Row]:
    page_at = _pages(file, log)
    in_file = -(-file.seek(0, os.SEEK_END) // PAGE_SIZE)
    for number in range(1, max(in_file, *log, 0) + 1):
        yield from rows_of_page(number, page_at, page_size=PAGE_SIZE)


def _pages(file: BinaryIO, log: Mapping[int, bytes]) -> Callable[[int], bytes]:
    def page_at(number: int) -> bytes:
        if number in log:
            return log[number]
        if number < 1:
            return b""
        file.seek((number - 1) * PAGE_SIZE)
        return file.read(PAGE_SIZE)

    return page_at


def _sort_in(found: _Found, row: Row, account: str, fresh: sqlite3.Connection) -> None:
    """Take a row by its shape and its seal."""
    place = row.place
    match row.columns:
        case (None, bytes(body), int(number)):
            _take_head(found, place, body, number, account)
        case (None, str(), bytes(body), int(number), _) if seal("intents", place, account, body) == number:
            found.intents[place] = body
        case (None, int(), bytes(body), int(number)) if seal("told", place, account, body) == number:
            found.told[place] = body
        case (None, int(), int(), bytes(body), int(number)) if seal("frames", place, account, body) == number:
            fresh.execute("INSERT OR REPLACE INTO frames VALUES (?, ?, ?, ?, ?)", (place, *row.columns[1:]))
            found.frames += 1
        case _:
            pass


def _take_head(found: _Found, place: int, body: bytes, number: int, account: str) -> None:
    try:
        if place == PROGRESS_PLACE and seal("head", place, account, body) == number:
            found.progress = decode_progress(body)
        elif place == ACCOUNT_PLACE:
            owner = decode_account(body)
            if seal("head", place, owner.fingerprint, body) == number:
                found.account = owner
    except UnreadableRowError:
        return


def _require_ours(path: Path, found: _Found, account: str, *, is_ours: bool) -> None:
    if found.account is not None and found.account.fingerprint != account:
        raise another_account(path)
    is_empty = not path.exists() or not path.stat().st_size
    if not found and not is_ours and not is_empty:
        message = f"{path} is no journal, or nothing in it can be read: move it away, or name another file"
        raise JournalError(message)


# --- writing ------------------------------------------------------------------------------------------------------


def _write(found: _Found, account: str, fresh: sqlite3.Connection) -> None:
    in_flight = InFlight(fresh)
    for place, body in sorted(found.intents.items()):
        in_flight.add(decode_intent(body), place=place, body=body, seal=seal("intents", place, account, body))
    progress = _write_told(found, account, fresh, in_flight)
    body = encode(progress)
    number = seal("head", PROGRESS_PLACE, account, body)
    fresh.execute("INSERT INTO head VALUES (?, ?, ?)", (PROGRESS_PLACE, body, number))


def _write_told(found: _Found, account: str, fresh: sqlite3.Connection, in_flight: InFlight) -> Progress:
    """Write what was told, and the orders that it makes up; return how far everything is."""
    before = found.progress or Progress()
    acknowledged, last_id = before.acknowledged, before.next_delivery_id - 1
    orders = OrderNumbers(fresh)
    for place, body in sorted(found.told.items()):
        row = decode_told(body)
        number = orders.number_of(row.told.update, now_ms=row.written_ms)
        in_flight.bind(row.told.update, number)
        acknowledged, last_id = max(acknowledged, row.acknowledged), max(last_id, row.told.update["delivery_id"])
        fresh.execute("INSERT INTO told VALUES (?, ?, ?, ?)", (place, number, body, seal("told", place, account, body)))
    return Progress(
        watermark=before.watermark,
        floor=before.floor,
        acknowledged=acknowledged,
        next_place=max(before.next_place, acknowledged + 1, *found.told, 0) + 1,
        next_delivery_id=last_id + 1 + _ID_GAP,
    )


def set_aside(path: Path, why: str, now_ms: int) -> Path:
    """Keep a copy of the file and of its log, such that SQLite's own tools can look at them; return where."""
    moment = datetime.fromtimestamp(now_ms / 1000, UTC).strftime("%Y%m%dT%H%M%S")
    aside = beside(path, f".{why}-{moment}")
    attempt = 1
    while aside.exists() or beside(aside, "-wal").exists():
        attempt += 1
        aside = beside(path, f".{why}-{moment}-{attempt}")
    if path.exists():
        shutil.copy(path, aside)
    if read_log(path):
        shutil.copy(beside(path, "-wal"), beside(aside, "-wal"))
    return aside
