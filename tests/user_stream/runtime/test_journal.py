"""Written ahead, told, acknowledged: what a journal gives back after any end of its process (rule 28)."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests.user_stream.journal_facts import (
    API_KEY,
    HOUR_MS,
    NOW_MS,
    StandingClock,
    delivery,
    details,
    ids,
    intent,
    opened,
)
from user_stream.core.journal_rows import Resumption
from user_stream.errors import FatalError, JournalError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.journal"


def resumed(path: Path, clock: StandingClock | None = None) -> Resumption:
    """Return what a new process finds."""
    journal = opened(path, clock=clock)
    assert journal.damage is None
    resumption = journal.resumption
    journal.close()
    return resumption


# --- exactly once, but for one group ------------------------------------------------------------------------------


def test_a_new_journal_is_empty(path: Path) -> None:
    assert resumed(path) == Resumption(watermark=0, floor=0, intents=(), told=(), unacknowledged=(), next_delivery_id=1)


def test_what_was_written_ahead_survives_a_kill_and_is_told_again_under_its_id(path: Path) -> None:
    journal = opened(path)
    journal.write_ahead([delivery(1), details(4), delivery(2)])
    journal.abandon()

    found = resumed(path)

    assert found.told == (delivery(1), details(4), delivery(2))
    assert ids(found.unacknowledged) == [1, 0, 2]
    assert all(item.update["redelivered"] for item in found.unacknowledged)
    assert not any(item.update["redelivered"] for item in found.told)
    assert found.next_delivery_id == 3


def test_what_was_acknowledged_by_a_commit_is_not_told_again(path: Path) -> None:
    journal = opened(path)
    journal.write_ahead([delivery(1), delivery(2), delivery(3)])
    journal.acknowledge(2)
    journal.commit()
    journal.abandon()

    assert ids(resumed(path).unacknowledged) == [3]


def test_an_acknowledgement_goes_with_the_next_deliveries(path: Path) -> None:
    journal = opened(path)
    journal.write_ahead([delivery(1)])
    journal.acknowledge(1)
    journal.write_ahead([delivery(2)])
    journal.acknowledge(2)
    assert journal.unacknowledged == 1
    journal.abandon()

    assert ids(resumed(path).unacknowledged) == [2]


def test_what_is_told_again_and_then_acknowledged_is_over(path: Path) -> None:
    journal = opened(path)
    journal.write_ahead([delivery(1), delivery(2)])
    journal.abandon()

    journal = opened(path)
    for item in journal.resumption.unacknowledged:
        journal.acknowledge(item.update["delivery_id"])
    journal.close()

    assert resumed(path).unacknowledged == ()


def test_details_are_acknowledged_by_their_own_zero_or_by_what_follows(path: Path) -> None:
    journal = opened(path)
    journal.write_ahead([delivery(1), details(4), details(5), delivery(2), details(6)])
    journal.acknowledge(1)
    assert journal.unacknowledged == 5

    def owed() -> list[int]:
        return [item.update["trade_id"] for item in journal.resumption.unacknowledged]

    assert owed() == [4, 5, 0, 6]
    journal.acknowledge(0)
    assert owed() == [5, 0, 6]
    journal.acknowledge(2)
    assert owed() == [6]
    journal.acknowledge(0)
    assert owed() == []
    journal.close()


def test_a_close_commits_what_waits(path: Path) -> None:
    journal = opened(path)
    journal.write_ahead([delivery(1)])
    journal.acknowledge(1)
    journal.cover(5_000, 4_000)
    journal.close()

    found = resumed(path)
    assert found.unacknowledged == ()
    assert (found.watermark, found.floor) == (5_000, 4_000)


def test_the_watermark_waits_for_a_commit(path: Path) -> None:
    journal = opened(path)
    journal.cover(5_000, 4_000)
    journal.abandon()

    assert resumed(path).watermark == 0


def test_ids_go_on_after_everything_was_pruned(path: Path) -> None:
    clock = StandingClock()
    journal = opened(path, clock=clock)
    journal.write_ahead([delivery(1, status="CANCELED")])
    journal.acknowledge(1)
    journal.close()
    clock.now_ms += 2 * HOUR_MS

    for _ in range(2):  # nothing but the progress can tell the second one
        found = resumed(path, clock)
        assert found.told == ()
        assert found.next_delivery_id == 2


# --- intents ------------------------------------------------------------------------------------------------------


def test_an_intent_survives_a_kill_that_follows_at_once(path: Path) -> None:
    journal = opened(path)
    journal.intend(intent("mine-1"))
    journal.abandon()

    assert resumed(path).intents == (intent("mine-1"),)


def test_an_intent_that_was_settled_is_gone(path: Path) -> None:
    journal = opened(path)
    journal.intend(intent("mine-1"))
    journal.intend(intent("mine-2"))
    journal.settle_intent("mine-1")
    journal.close()

    assert resumed(path).intents == (intent("mine-2"),)


def test_a_client_order_id_may_be_used_again(path: Path) -> None:
    journal = opened(path)
    journal.intend(intent("mine-1"))
    journal.settle_intent("mine-1")
    journal.intend(intent("mine-1"))
    journal.abandon()

    assert resumed(path).intents == (intent("mine-1"),)


# --- retention ----------------------------------------------------------------------------------------------------


def test_what_was_told_of_an_open_order_is_kept_however_old(path: Path) -> None:
    clock = StandingClock()
    journal = opened(path, clock=clock)
    journal.write_ahead([delivery(1, order=7), delivery(2, order=8), delivery(3, order=8, status="FILLED")])
    journal.acknowledge(3)
    journal.close()
    clock.now_ms += 1_000 * HOUR_MS

    assert ids(resumed(path, clock).told) == [1]


def test_what_was_told_of_an_order_is_kept_for_the_retention_after_its_end(path: Path) -> None:
    clock = StandingClock()
    journal = opened(path, clock=clock)
    journal.write_ahead([delivery(1)])
    clock.now_ms += 10 * HOUR_MS
    journal.write_ahead([delivery(2, status="CANCELED")])
    journal.acknowledge(2)
    journal.close()

    clock.now_ms += HOUR_MS - 1
    assert ids(resumed(path, clock).told) == [1, 2]
    clock.now_ms += 2
    assert ids(resumed(path, clock).told) == []


def test_a_late_fill_keeps_its_order_for_another_retention(path: Path) -> None:
    clock = StandingClock()
    journal = opened(path, clock=clock)
    journal.write_ahead([delivery(1, status="CANCELED")])
    clock.now_ms += HOUR_MS // 2
    journal.write_ahead([delivery(2, status="CANCELED")])
    journal.acknowledge(2)
    journal.close()
    clock.now_ms += HOUR_MS * 3 // 4

    assert ids(resumed(path, clock).told) == [1, 2]


def test_an_order_that_comes_back_after_its_end_is_open_again(path: Path) -> None:
    """A testnet that was wiped counts from 1 again."""
    clock = StandingClock()
    journal = opened(path, clock=clock)
    journal.write_ahead([delivery(1, status="CANCELED"), delivery(2, status="NEW")])
    journal.acknowledge(2)
    journal.close()
    clock.now_ms += 2 * HOUR_MS

    assert ids(resumed(path, clock).told) == [1, 2]


def test_what_the_engine_may_have_missed_is_kept_however_long_nobody_ran(path: Path) -> None:
    clock = StandingClock()
    journal = opened(path, clock=clock)
    journal.write_ahead([delivery(1, status="FILLED")])
    journal.abandon()
    clock.now_ms += 1_000 * HOUR_MS

    assert ids(resumed(path, clock).unacknowledged) == [1]


@pytest.mark.no_cover
def test_the_file_stops_growing_when_as_much_goes_as_comes(path: Path) -> None:
    clock = StandingClock()
    journal = opened(path, clock=clock)
    journal.write_ahead([delivery(1, order=1)])  # rests all the while
    sizes = []
    for number in range(2, 100_002, 64):
        clock.now_ms += 300_000
        group = [
            delivery(n, order=n // 4 + 2, status="FILLED" if n % 4 == 3 else "NEW") for n in range(number, number + 64)
        ]
        journal.frame(clock.now_ms, 1, b'{"e":"ORDER_TRADE_UPDATE"}' + b" " * 500)
        journal.write_ahead(group)
        journal.acknowledge(number + 63)
        sizes.append(sum(file.stat().st_size for file in path.parent.iterdir()))
    assert journal.resumption.told[0] == delivery(1, order=1)
    kept = len(journal.resumption.told)
    journal.close()

    assert len(sizes) > 1_500
    assert max(sizes[100:]) <= 1.2 * max(sizes[50:100])
    assert kept < 2_000


def test_frames_are_kept_for_the_retention_without_their_keys(path: Path) -> None:
    clock = StandingClock()
    journal = opened(path, clock=clock)
    for age in range(300):
        journal.frame(NOW_MS + age * HOUR_MS // 100, 1, b'{"stream":"' + API_KEY.encode() + b'","data":{}}')
    journal.close()
    clock.now_ms += 2 * HOUR_MS
    opened(path, clock=clock).close()

    frames = sqlite3.connect(path).execute("SELECT received_ms, body FROM frames").fetchall()
    assert min(received for received, _ in frames) == NOW_MS + HOUR_MS
    assert len(frames) == 200
    assert {frame for _, frame in frames} == {b'{"stream":"<redacted>","data":{}}'}
    assert API_KEY.encode() not in path.read_bytes()


def test_frames_that_tell_nothing_do_not_pile_up_in_memory(path: Path) -> None:
    journal = opened(path)
    for _ in range(1_000):
        journal.frame(NOW_MS, 1, b"{}")
    reader = sqlite3.connect(path)

    assert reader.execute("SELECT count(*) FROM frames").fetchone()[0] > 700
    reader.close()
    journal.close()


# --- one process, one account -------------------------------------------------------------------------------------


def test_a_second_opener_is_told_that_the_journal_is_in_use(path: Path) -> None:
    journal = opened(path)

    with pytest.raises(JournalError, match="in use"):
        opened(path)

    journal.write_ahead([delivery(1)])
    journal.close()
    assert ids(resumed(path).told) == [1]


def test_another_accounts_journal_is_refused_and_stays_as_it_is(path: Path) -> None:
    opened(path).close()
    before = path.read_bytes()

    with pytest.raises(JournalError, match="belongs to another API key") as caught:
        opened(path, api_key="x" * 64)

    assert isinstance(caught.value, FatalError)
    assert API_KEY not in str(caught.value)
    assert path.read_bytes() == before
    assert resumed(path).told == ()


def test_neither_the_key_nor_what_leads_to_it_is_in_the_file(path: Path) -> None:
    journal = opened(path)
    journal.write_ahead([delivery(1)])
    journal.close()

    everything = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert API_KEY.encode() not in everything
    assert path.stat().st_mode & 0o077 == 0


def test_a_journal_in_a_later_format_is_refused_not_misread(path: Path) -> None:
    from user_stream.core.journal_rows import Account, encode, fingerprint, seal  # noqa: PLC0415  this test's alone

    opened(path).close()
    body = encode(Account(99, fingerprint(API_KEY)))
    database = sqlite3.connect(path)
    database.execute(
        "UPDATE head SET body = ?, seal = ? WHERE place = 1", (body, seal("head", 1, fingerprint(API_KEY), body))
    )
    database.commit()
    database.close()

    with pytest.raises(JournalError, match="format 99"):
        opened(path)


@pytest.mark.parametrize("content", [b"a: setting\n", b"\x00" * 5_000], ids=["text", "zeros"])
def test_a_file_that_is_no_journal_is_refused_and_stays_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)

    for _ in range(2):
        with pytest.raises(JournalError, match="is no journal"):
            opened(path)

    assert path.read_bytes() == content
    assert list(path.parent.glob("*-lock")) == []


def test_somebody_elses_database_is_refused_and_stays_as_it_is(path: Path) -> None:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE told (place INTEGER PRIMARY KEY, body BLOB, seal INTEGER)")
    database.execute("INSERT INTO told VALUES (1, x'00', 1)")
    database.commit()
    database.close()
    before = path.read_bytes()

    with pytest.raises(JournalError, match="is no journal"):
        opened(path)

    assert path.read_bytes() == before


def test_a_directory_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="Is its directory there"):
        opened(tmp_path / "nowhere" / "account.journal")


def test_a_journal_that_cannot_be_written_says_so_and_works_no_more(path: Path) -> None:
    journal = opened(path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("DROP TABLE told")
    other.close()

    with pytest.raises(JournalError, match="cannot be written: no such table"):
        journal.write_ahead([delivery(1)])
    with pytest.raises(JournalError, match="cannot be used: no such table"):
        journal.intend(intent("mine"))
    journal.close()


def test_a_closed_journal_says_that_it_is_closed(path: Path) -> None:
    journal = opened(path)
    journal.close()

    with pytest.raises(JournalError, match="it is closed"):
        journal.write_ahead([delivery(1)])


def test_a_journal_opens_again_after_its_process_was_killed(path: Path) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.user_stream.journal_facts import delivery, opened\n"
        "journal = opened(Path(sys.argv[1])); journal.write_ahead([delivery(1)])\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(path)], check=False, cwd=Path(__file__).parents[3])  # noqa: S603  our own

    assert killed.returncode == -9
    assert ids(resumed(path).unacknowledged) == [1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_does_not_carry_the_lock_on(path: Path) -> None:
    script = (
        "import os, signal, sys, time; from pathlib import Path\n"
        "from tests.user_stream.journal_facts import opened\n"
        "journal = opened(Path(sys.argv[1]))\n"
        "child = os.fork()\n"
        "if not child: os.close(1); time.sleep(30); os._exit(0)\n"
        "print(child, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(  # noqa: S603  our own
        [sys.executable, "-W", "ignore", "-c", script, str(path)],
        check=False,
        cwd=Path(__file__).parents[3],
        stdout=subprocess.PIPE,
    )
    try:
        assert resumed(path).told == ()
    finally:
        os.kill(int(killed.stdout), 9)
