"""A damaged journal is found, cut, saved and reported: never a crash, never silently empty."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.user_stream.journal_facts import API_KEY, NOW_MS, StandingClock, delivery, ids, intent, opened
from user_stream.errors import JournalError
from user_stream.runtime.journal_file import PAGE_SIZE, beside

COUNT = 2_000
FRAME = PAGE_SIZE + 24


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.journal"


def write_history(path: Path) -> None:
    """Write 2,000 deliveries of 500 orders, of which the last is not acknowledged."""
    journal = opened(path)
    journal.intend(intent("in-flight"))
    for number in range(1, COUNT + 1):
        journal.frame(NOW_MS, 1, b'{"e":"ORDER_TRADE_UPDATE","n":%d}' % number)
        journal.write_ahead([delivery(number, order=number // 4, status="FILLED" if number % 4 == 3 else "NEW")])
        if number < COUNT:
            journal.acknowledge(number)
    journal.cover(7_000, 6_000)
    journal.close()


def write_log(path: Path, count: int = 20) -> None:
    """Leave a journal whose process was killed: everything since its start is in the log alone."""
    live = path.with_name("live")
    journal = opened(live)
    for number in range(1, count + 1):
        journal.write_ahead([delivery(number)])
    for ending in ("", "-wal", "-lock"):
        shutil.copy(beside(live, ending), beside(path, ending))
    journal.close()


def overwrite(path: Path, at: int, length: int) -> None:
    garbage = random.Random(at).randbytes(length)  # noqa: S311  garbage need not be secret
    with path.open("r+b") as file:
        file.seek(at)
        file.write(garbage)


def cut(path: Path, size: int) -> None:
    with path.open("r+b") as file:
        file.truncate(size)


def head(path: Path) -> None:
    overwrite(path, 0, PAGE_SIZE)


def roots(path: Path) -> None:
    overwrite(path, 0, 9 * PAGE_SIZE)


def middle(path: Path) -> None:
    overwrite(path, path.stat().st_size // 2 // PAGE_SIZE * PAGE_SIZE, 3 * PAGE_SIZE)


def half(path: Path) -> None:
    cut(path, path.stat().st_size // 2 + 100)


def one_page_less(path: Path) -> None:
    cut(path, path.stat().st_size - PAGE_SIZE)


@pytest.mark.parametrize(
    ("harm", "at_least"),
    [(head, COUNT), (roots, COUNT - 20), (middle, COUNT - 30), (half, COUNT // 3), (one_page_less, COUNT - 10)],
)
def test_what_garbage_or_a_cut_left_whole_is_saved_and_the_rest_reported(
    path: Path, harm: Callable[[Path], None], at_least: int
) -> None:
    write_history(path)
    harm(path)
    damaged = path.read_bytes()

    journal = opened(path)
    found = journal.resumption

    assert journal.damage is not None
    assert f"Saved: {len(found.told)} deliveries" in journal.damage
    (kept,) = path.parent.glob("*.damaged-*")
    assert str(kept) in journal.damage
    assert kept.read_bytes() == damaged
    assert len(found.told) >= at_least
    assert all(item == delivery(n, order=n // 4, status="FILLED" if n % 4 == 3 else "NEW")
               for item in found.told for n in [item.update["delivery_id"]])  # fmt: skip
    assert ids(found.told) == sorted(ids(found.told))
    journal.close()


def test_a_salvaged_journal_goes_on_under_ids_that_were_never_used(path: Path) -> None:
    write_history(path)
    half(path)
    journal = opened(path)
    first = journal.resumption.next_delivery_id
    journal.write_ahead([delivery(first)])
    journal.abandon()

    journal = opened(path)

    assert first > COUNT
    assert journal.damage is None
    assert first in ids(journal.resumption.unacknowledged)
    journal.close()


def test_watermark_intents_and_acknowledgements_are_saved(path: Path) -> None:
    write_history(path)
    middle(path)

    journal = opened(path)
    found = journal.resumption

    assert (found.watermark, found.floor) == (7_000, 6_000)
    assert found.intents == (intent("in-flight"),)
    assert ids(found.unacknowledged) == [COUNT]
    journal.close()


def test_a_changed_row_is_found_by_its_seal_though_sqlite_finds_nothing_wrong(path: Path) -> None:
    write_history(path)
    database = sqlite3.connect(path)
    database.execute("UPDATE told SET body = replace(body, 'NEW', 'OLD') WHERE place = 5")
    database.commit()
    database.close()

    journal = opened(path)

    assert journal.damage is not None
    assert "1 rows of its table 'told'" in journal.damage
    assert set(range(1, COUNT + 1)) - set(ids(journal.resumption.told)) == {5}
    journal.close()


def test_an_empty_file_where_a_journal_was_is_reported(path: Path) -> None:
    write_history(path)
    cut(path, 0)

    journal = opened(path)

    assert journal.damage is not None
    assert "gone, or empty" in journal.damage
    assert journal.resumption.told == ()
    journal.close()


def test_a_file_full_of_garbage_where_a_journal_was_is_reported_and_begun_anew(path: Path) -> None:
    write_history(path)
    overwrite(path, 0, path.stat().st_size)

    journal = opened(path)

    assert journal.damage is not None
    assert "Saved: 0 deliveries" in journal.damage
    journal.write_ahead([delivery(1)])
    journal.close()


def test_a_damaged_journal_of_another_account_is_refused(path: Path) -> None:
    write_history(path)
    middle(path)
    before = path.read_bytes()

    with pytest.raises(JournalError, match="belongs to another API key"):
        opened(path, api_key="x" * 64)

    assert path.read_bytes() == before


# --- the log ------------------------------------------------------------------------------------------------------


def test_what_is_in_the_log_alone_is_no_damage(path: Path) -> None:
    write_log(path)

    journal = opened(path)

    assert journal.damage is None
    assert ids(journal.resumption.told) == list(range(1, 21))
    journal.close()


def test_garbage_in_the_log_cuts_what_follows_and_says_so(path: Path) -> None:
    write_log(path)
    log = beside(path, "-wal")
    damaged_at = log.stat().st_size // 2
    overwrite(log, damaged_at, 100)
    damaged = log.read_bytes()

    journal = opened(path)
    found = ids(journal.resumption.told)

    assert journal.damage is not None
    assert "commits at the end of its write-ahead log" in journal.damage
    assert 5 < len(found) < 15
    assert found == list(range(1, len(found) + 1))
    (kept,) = path.parent.glob("*.damaged-*-wal")
    assert kept.read_bytes() == damaged
    journal.close()


def test_a_log_without_its_file_is_saved(path: Path) -> None:
    write_log(path)
    path.unlink()

    journal = opened(path)

    assert journal.damage is not None
    assert ids(journal.resumption.told) == list(range(1, 21))
    journal.close()


def test_a_log_with_a_file_full_of_garbage_is_saved(path: Path) -> None:
    write_log(path)
    overwrite(path, 0, path.stat().st_size)

    journal = opened(path)

    assert journal.damage is not None
    assert ids(journal.resumption.told) == list(range(1, 21))
    journal.close()


# --- whatever, wherever -------------------------------------------------------------------------------------------


@pytest.mark.seeds(12)
def test_garbage_anywhere_is_survived_and_what_is_given_back_was_written(path: Path, seed: int) -> None:
    """Garbage of any size, anywhere in the file or its log: whatever comes back is true, and a loss is reported."""
    draw = random.Random(seed)  # noqa: S311  a case, not a secret
    write_log(path, count=60)
    harmed = beside(path, draw.choice(["", "-wal", "-wal"]))
    at = draw.randrange(harmed.stat().st_size)
    overwrite(harmed, at, min(draw.choice([1, 30, 5_000, 50_000]), harmed.stat().st_size - at))

    journal = opened(path)
    told = journal.resumption.told

    assert all(item == delivery(item.update["delivery_id"]) for item in told)
    last_commit = beside(path, "-wal").name  # the head of the very last commit alone can be lost unseen
    assert journal.damage is not None or len(told) >= 59, last_commit
    journal.close()
    journal = opened(path)
    assert journal.damage is None
    journal.close()


@pytest.mark.parametrize("step", ["making", "salvaged", "log gone"])
def test_a_kill_during_the_salvage_loses_nothing(path: Path, step: str) -> None:
    write_history(path)
    whole = path.with_name("whole")
    shutil.copy(path, whole)
    head(path)
    if step == "making":
        beside(path, "-making").write_bytes(b"half a file")
    else:
        shutil.copy(whole, beside(path, "-salvaged"))
        if step == "salvaged":
            beside(path, "-wal").write_bytes(b"what belongs to the damaged file")

    journal = opened(path)

    assert ids(journal.resumption.told) == list(range(1, COUNT + 1))
    assert list(path.parent.glob("*-salvaged")) == []
    journal.close()


def test_each_damage_has_a_file_of_its_own(path: Path) -> None:
    clock = StandingClock()
    for _ in range(3):
        opened(path, clock=clock).close()
        cut(path, 0)
        opened(path, clock=clock).close()

    assert len(list(path.parent.glob("*.damaged-*"))) == 3


def test_no_key_is_in_what_is_reported(path: Path) -> None:
    write_history(path)
    head(path)
    journal = opened(path)

    assert journal.damage is not None
    assert API_KEY not in journal.damage
    journal.close()
