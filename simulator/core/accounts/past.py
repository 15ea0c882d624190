"""What records were a while ago: the memory of a REST database that lags behind the matching engine.

Each change of a record is remembered with what the record was before. Undoing the changes after a moment, the newest
first, gives the records as they were at that moment. The memory is bounded: it reaches back `MOST_LAG_MS`, and less
where more than `MOST_CHANGES` happened in that time.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final, Generic, TypeVar

__all__ = ["MOST_LAG_MS", "Past"]

MOST_LAG_MS: Final = 600_000
MOST_CHANGES: Final = 100_000

Key = TypeVar("Key")
Record = TypeVar("Record")


class Past(Generic[Key, Record]):
    """The recent changes of the records of one mapping, oldest first."""

    def __init__(self) -> None:
        self._changes: deque[tuple[int, Key, Record | None]] = deque(maxlen=MOST_CHANGES)

    def note(self, key: Key, before: Record | None, time_ms: int) -> None:
        """Remember that a record changes now, and what it was; None: there was none."""
        self._changes.append((time_ms, key, before))
        self.trim(time_ms)

    def trim(self, time_ms: int) -> None:
        """Forget what the memory does not have to reach back to any more."""
        while self._changes and self._changes[0][0] < time_ms - MOST_LAG_MS:
            self._changes.popleft()

    def rewind(self, present: Mapping[Key, Record], time_ms: int) -> dict[Key, Record]:
        """Return the records as they were at a moment; a change at that moment itself is in them."""
        records = dict(present)
        for changed_ms, key, before in reversed(self._changes):
            if changed_ms <= time_ms:
                break
            if before is None:
                records.pop(key, None)
            else:
                records[key] = before
        return records
