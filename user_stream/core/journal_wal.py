"""SQLite's write-ahead log, read as it is on disk (sqlite.org/fileformat2.html, section 4).

SQLite takes from its log what is whole, from the start, and silently forgets the rest. It cannot do otherwise, for a
process that was killed leaves half a transaction behind. But a *commit* beyond what is whole was promised to somebody:
a process that is killed writes nothing after the gap. So the log is read here before SQLite sees it, and lost commits
are counted.

    header: magic, version, page size, checkpoint number, salt 1, salt 2, checksum (2 words)            32 bytes
    frame:  page number, database size after a commit (else 0), salt 1, salt 2, checksum (2 words)      24 bytes
            the page
    ...

The checksum runs on from frame to frame. Frames of an earlier run of the log, which is written over from its start,
have other salts, and mean nothing. What cannot be seen: a log cut short exactly between two commits, and garbage over
the head of the very last one.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from typing import Final, NamedTuple

__all__ = ["WriteAheadLog", "read_wal"]

_MAGIC: Final = 0x377F0682
"""Its last bit says whether checksums read words in big-endian order."""
_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_MASK: Final = 0xFFFFFFFF


class WriteAheadLog(NamedTuple):
    """The pages of the commits that are whole, by number, and how many commits after them are lost."""

    pages: Mapping[int, bytes]
    lost_commits: int


class _Frame(NamedTuple):
    page: int
    commit: int
    salts: bytes
    checksum: tuple[int, int]
    head: bytes
    body: bytes


def read_wal(wal: bytes, *, page_size: int) -> WriteAheadLog:
    """Read a log; an empty one, or none, is empty bytes."""
    frames = _frames(wal, page_size)
    order = _byte_order(wal, page_size)
    if order is None:
        return WriteAheadLog({}, sum(bool(frame.commit) for frame in frames))
    salts = wal[16:24]
    checksum = _checksum(wal[:24], (0, 0), order)
    pages: dict[int, bytes] = {}
    uncommitted: dict[int, bytes] = {}
    for number, frame in enumerate(frames):
        if frame.salts == salts:
            checksum = _checksum(frame.head + frame.body, checksum, order)
        if frame.salts != salts or checksum != frame.checksum:
            lost = sum(1 for later in frames[number:] if later.commit and later.salts == salts)
            return WriteAheadLog(pages, lost)
        uncommitted[frame.page] = frame.body
        if frame.commit:
            pages |= uncommitted
            uncommitted = {}
    return WriteAheadLog(pages, 0)


def _byte_order(wal: bytes, page_size: int) -> str | None:
    """Return how the checksums of this log read words; None when its header is not whole."""
    if len(wal) < _HEADER:
        return None
    magic, _, size, *_, first, second = struct.unpack(">8I", wal[:_HEADER])
    if magic & ~1 != _MAGIC or size != page_size:
        return None
    order = ">" if magic & 1 else "<"
    return order if _checksum(wal[:24], (0, 0), order) == (first, second) else None


def _frames(wal: bytes, page_size: int) -> list[_Frame]:
    length = _FRAME_HEADER + page_size
    found = []
    for start in range(_HEADER, len(wal) - length + 1, length):
        head = wal[start : start + _FRAME_HEADER]
        page, commit, _, _, first, second = struct.unpack(">6I", head)
        body = wal[start + _FRAME_HEADER : start + length]
        found.append(_Frame(page, commit, head[8:16], (first, second), head[:8], body))
    return found


def _checksum(data: bytes, before: tuple[int, int], order: str) -> tuple[int, int]:
    first, second = before
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for even, odd in zip(words[::2], words[1::2], strict=True):
        first = (first + even + second) & _MASK
        second = (second + odd + first) & _MASK
    return first, second
