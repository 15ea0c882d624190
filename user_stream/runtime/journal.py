"""What outlives the process: the orders that were sent, what the engine was told of them, and the frames that said so.

**Write ahead, then tell, then acknowledge.** What the ledger decides to tell is committed before the engine hears it,
and acknowledged when the engine's callback has returned. Acknowledgements go with the next commit. So a process that is
killed leaves a file in which nothing is missing that the engine may have heard, and whoever starts next tells again
what was not acknowledged, under the same delivery ids, marked `redelivered`: never more than `unacknowledged` says. An
intent is committed before its request is sent, a watermark never before what it covers. Everything else waits in memory
for the next commit.

**Order by order.** What was told of an order is kept as long as the order is open, and for the retention after its end;
frames are kept for the retention. It counts back from the watermark, because the next recovery reads again what was
just before that, however long nobody ran. What is older goes in small slices along with commits, and its pages are used
again: the file stops growing when as much goes as comes.

The file itself, and what is done when it is damaged, is `journal_file`'s and `journal_salvage`'s; what a row holds, and
how it proves itself, is `core/journal_rows`'s.
"""

from __future__ import annotations

import sqlite3
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.journal_redaction import redact
from user_stream.core.journal_rows import (
    Resumption,
    UnreadableRowError,
    encode,
    encode_told,
    fingerprint,
    journal_key,
    seal,
)
from user_stream.core.ledger import Told
from user_stream.core.order_record import OrderKey
from user_stream.errors import JournalError
from user_stream.runtime.clock import Clock
from user_stream.runtime.journal_file import (
    account_of,
    another_account,
    beside,
    connect,
    damage_of,
    hold,
    make,
    read_log,
)
from user_stream.runtime.journal_reset import begin_anew
from user_stream.runtime.journal_salvage import finish_salvage, salvage
from user_stream.runtime.journal_tables import (
    InFlight,
    OrderNumbers,
    Owed,
    first_free,
    prune,
    read_intents,
    read_ours,
    read_progress,
    read_told,
    write_progress,
)

__all__ = ["Journal"]

_PENDING_FRAMES: Final = 256
"""So many frames that told nothing are written by themselves."""
_PRUNE_PAUSE_MS: Final = 60_000


class Journal:
    """The journal of one account, open for writing; `Journal.open` makes one.

    Every method raises `JournalError` when the file cannot be written; from then on none works.
    """

    def __init__(
        self,
        path: Path,
        account: str,
        connection: sqlite3.Connection,
        lock: sqlite3.Connection,
        *,
        damage: str | None,
        retention_s: float,
        clock: Clock,
    ) -> None:
        self.damage = damage
        """What was found damaged at the opening, what was saved, and where the damaged file is kept; None: nothing."""
        self._path = path.absolute()  # also when the engine goes elsewhere
        self._account = account
        self._connection = connection
        self._lock = lock
        self._retention_ms = int(retention_s * 1000)
        self._clock = clock
        self._failure = ""
        self._read_tables()
        self._void: set[OrderKey] = set()
        """Open orders of an exchange that is gone: what is told of them is not kept."""
        self._frames: list[tuple[int, int, bytes]] = []
        self._intents: list[OrderIntent] = []
        self._settled: list[str] = []
        self._prune_at_ms = 0

    def _read_tables(self) -> None:
        connection = self._connection
        self._file = _identity(self._path)
        self._progress = read_progress(connection)
        self._progress_waits = False
        self._owed = deque(owed for owed, _ in read_told(connection, after=self._progress.acknowledged))
        self._acknowledged_since = 0
        self._orders = OrderNumbers(connection)
        self._in_flight = InFlight(connection)
        self._next_frame = first_free(connection, "frames")
        self._next_intent = first_free(connection, "intents")

    @classmethod
    def open(cls, path: Path, *, api_key: str, retention_s: float, clock: Clock) -> Journal:
        """Open the journal of an account, or begin one. A damaged one is salvaged, and says so in `damage`.

        `retention_s`: how long frames, and what was told of orders that ended, are kept. Raises `JournalError` when the
        file is in use, another account's, no journal, or cannot be written.
        """
        if path.is_dir():
            message = f"the journal {path} is a directory: name a file in it"
            raise JournalError(message)
        account = fingerprint(api_key)
        with _opening(path), ExitStack() as undone:
            was_here = beside(path, "-lock").exists()
            lock = hold(path)
            if not was_here:
                undone.callback(beside(path, "-lock").unlink)
            undone.callback(lock.close)
            damage = _make_whole(path, account, now_ms=clock.time_ms(), is_ours=was_here)
            connection = connect(path)
            undone.callback(connection.close)
            owner = account_of(connection)
            if owner is None or owner.fingerprint != account:
                raise another_account(path)
            journal = cls(path, account, connection, lock, damage=damage, retention_s=retention_s, clock=clock)
            while journal._prune_at_ms <= clock.time_ms():
                journal._write(())
            undone.pop_all()
            return journal

    # --- before the engine is told, and after ---------------------------------------------------------------------

    def write_ahead(self, told: Sequence[Told]) -> None:
        """Commit what the engine is about to be told, and everything that waits. Then tell the engine."""
        if told:
            self._write(told)

    def acknowledge(self, delivery_id: int) -> None:
        """Take everything up to this delivery as told. 0, which details carry, is the oldest details that are owed."""
        while self._owed and self._owed[0].delivery_id <= delivery_id:
            owed = self._owed.popleft()
            self._progress.acknowledged = owed.place
            self._acknowledged_since += 1
            if owed.delivery_id == delivery_id:
                return

    @property
    def unacknowledged(self) -> int:
        """How much would be told again after a kill right now: what is owed, and what no commit has acknowledged."""
        return len(self._owed) + self._acknowledged_since

    def intend(self, intent: OrderIntent) -> None:
        """Commit that an order is about to be sent, and everything that waits. Then send it."""
        self._intents.append(intent)
        self._write(())

    def settle_intent(self, client_order_id: str) -> None:
        """Forget an intent of which nothing was told: its order was refused, or is asked for no longer."""
        self._settled.append(client_order_id)

    def frame(self, received_ms: int, epoch: int, frame: bytes) -> None:
        """Keep a frame, without the keys in it."""
        self._frames.append((received_ms, epoch, redact(frame)))
        if len(self._frames) >= _PENDING_FRAMES:
            self._write(())

    def cover(self, watermark: int, floor: int) -> None:
        """Keep until when everything is known (exchange ms). What it covers was written ahead before."""
        self._progress.watermark, self._progress.floor = watermark, floor
        self._progress_waits = True

    def start_over(self, since: int) -> Path:
        """Forget the orders that were first heard of before then (exchange ms), because the exchange began anew; return
        where the journal as it was is kept. What is still to be told of them is not told again after a kill.
        """
        self.commit()
        try:
            self._connection.close()
            aside, gone = begin_anew(self._path, self._account, since=since, now_ms=self._clock.time_ms())
            self._connection = connect(self._path)
        except (sqlite3.Error, OSError) as error:
            self._failure = str(error)
            message = f"the journal {self._path} could not start over after the exchange did: {error}"
            raise JournalError(message) from error
        self._read_tables()
        self._void |= gone
        return aside

    def commit(self) -> None:
        """Commit everything that waits. Raises `JournalError` also when the file is no longer where it was."""
        if not self._failure and _identity(self._path) != self._file:
            self._failure = "its file was moved or deleted"
            message = (
                f"the journal {self._path} was moved or deleted while it was written: put it back before the next start"
            )
            raise JournalError(message)
        self._progress_waits |= self._acknowledged_since > 0
        if self._progress_waits or self._frames or self._settled:
            self._write(())

    def close(self) -> None:
        """Commit what waits, and let go of the file."""
        try:
            if not self._failure:
                self.commit()
        finally:
            self.abandon()

    def abandon(self) -> None:
        """Let go of the file as a kill would: what waits is lost."""
        self._failure = self._failure or "it is closed"
        self._connection.close()
        self._lock.close()

    @property
    def resumption(self) -> Resumption:
        """What a process that starts now goes on from; read from the file at every call."""
        with self._guarded():
            told = read_told(self._connection, after=0)
            intents, ours = read_intents(self._connection), read_ours(self._connection)
        owed = [row.told for at, row in told if at.place > self._progress.acknowledged]
        return Resumption(
            watermark=self._progress.watermark,
            floor=self._progress.floor,
            intents=tuple(intents),
            told=tuple(row.told for _, row in told),
            unacknowledged=tuple(Told(kind, {**update, "redelivered": True}) for kind, update in owed),
            next_delivery_id=self._progress.next_delivery_id,
            ours=ours,
        )

    # --- one transaction ------------------------------------------------------------------------------------------

    def _write(self, told: Sequence[Told]) -> None:
        """Commit these, and everything that waits."""
        now_ms = self._clock.time_ms()
        execute = self._connection.execute
        came = len(told) + len(self._frames)
        with self._guarded():
            execute("BEGIN IMMEDIATE")
            self._write_told(told, now_ms)
            self._write_frames()
            self._write_intents()
            if now_ms >= self._prune_at_ms:
                self._prune(now_ms, came)
            if self._progress_waits:
                write_progress(self._connection, self._progress, self._account)
            execute("COMMIT")
        if told or self._progress_waits:
            self._acknowledged_since = 0
        self._progress_waits = False

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        """Turn what SQLite says into our error. What was half done is as if it had not been, and nothing more is."""
        if self._failure:
            message = f"the journal {self._path} cannot be used: {self._failure}"
            raise JournalError(message)
        try:
            yield
        except sqlite3.Error as error:
            self._failure = str(error)
            if self._connection.in_transaction:
                self._connection.rollback()
            message = (
                f"the journal {self._path} cannot be written: {error}. Is the disk full, or the file damaged? "
                "What can be saved is saved at the next start"
            )
            raise JournalError(message) from error

    def _write_told(self, told: Sequence[Told], now_ms: int) -> None:
        rows = []
        for item in told:
            delivery_id = item.update["delivery_id"] if item.kind == "delivery" else 0
            self._progress.next_delivery_id = max(self._progress.next_delivery_id, delivery_id + 1)
            if self._void and self._is_void(item.update):
                self._progress_waits = True  # no row tells its number
                continue
            place = self._progress.next_place
            self._progress.next_place += 1
            number = self._orders.number_of(item.update, now_ms=now_ms)
            self._in_flight.bind(item.update, number)
            body = encode_told(item, written_ms=now_ms, acknowledged=self._progress.acknowledged)
            rows.append((place, number, body, seal("told", place, self._account, body)))
            self._owed.append(Owed(place, delivery_id, number))
        self._connection.executemany("INSERT INTO told VALUES (?, ?, ?, ?)", rows)

    def _is_void(self, update: MappedOrderUpdate) -> bool:
        """Say whether this is about an order of the exchange that is gone. Its end is the last that is heard of it."""
        key, ends = journal_key(update)
        if key not in self._void:
            return False
        if ends:
            self._void.discard(key)
        return True

    def _write_frames(self) -> None:
        rows = [
            (place, received_ms, epoch, frame, seal("frames", place, self._account, frame))
            for place, (received_ms, epoch, frame) in enumerate(self._frames, self._next_frame)
        ]
        self._connection.executemany("INSERT INTO frames VALUES (?, ?, ?, ?, ?)", rows)
        self._next_frame += len(rows)
        self._frames.clear()

    def _write_intents(self) -> None:
        """Forget before knowing: a client order id may be used again once its order has ended."""
        for client_order_id in self._settled:
            self._in_flight.remove(client_order_id)
        self._settled.clear()
        for place, intent in enumerate(self._intents, self._next_intent):
            body = encode(intent)
            self._in_flight.add(intent, place=place, body=body, seal=seal("intents", place, self._account, body))
        self._next_intent += len(self._intents)
        self._intents.clear()

    def _known_until(self, now_ms: int) -> int:
        """Return from when on time counts as passed: what ended before the watermark is what a recovery reads again,
        however long nobody ran.
        """
        return min(now_ms, self._progress.watermark or now_ms)

    def _prune(self, now_ms: int, came: int) -> None:
        pruned = prune(
            self._connection,
            before_ms=self._known_until(now_ms) - self._retention_ms,
            keep={owed.order_number for owed in self._owed},
            came=came,
        )
        if pruned.orders:  # the rows that knew how far everything is may be gone
            self._progress_waits = True
        self._prune_at_ms = (
            now_ms if pruned.more else now_ms + max(1_000, min(_PRUNE_PAUSE_MS, self._retention_ms // 16))
        )


def _identity(path: Path) -> tuple[int, int] | None:
    """Return what tells a file from another one that takes its place; None when none can be seen."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


@contextmanager
def _opening(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError, UnreadableRowError) as error:
        message = f"the journal {path} cannot be opened: {error}"
        raise JournalError(message) from error


def _make_whole(path: Path, account: str, *, now_ms: int, is_ours: bool) -> str | None:
    """See to it that there is a whole journal; say what had to be salvaged."""
    finish_salvage(path)
    if not path.exists() and not read_log(path):
        new = beside(path, "-making")
        make(new, account).close()
        new.replace(path)
        return None
    damage = damage_of(path)
    if damage is None:
        return None
    return salvage(path, account, damage=damage, now_ms=now_ms, is_ours=is_ours)
