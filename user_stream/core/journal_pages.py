"""Rows out of the pages of an SQLite database that SQLite no longer opens (sqlite.org/fileformat2.html, section 1).

A table's rows are in its *leaf* pages, and each leaf says itself where its rows are. So every page is asked on its own:
neither the header, nor the tables' roots, nor what leads from there to the leaves has to be whole. Which table a row
belonged to, and whether it is whole, a leaf does not say: the journal's seals do.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple, TypeAlias

__all__ = ["Row", "Value", "rows_of_page"]

_TABLE_LEAF: Final = 0x0D
_INTEGER_BYTES: Final = {1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8}
_FILE_HEADER: Final = 100
_LONGEST: Final = 1 << 24
"""No row has so many bytes: one that says so is garbage."""

Value: TypeAlias = int | bytes | str | None


class Row(NamedTuple):
    """A row: its number, and its columns. A column that is the number itself is None."""

    place: int
    columns: tuple[Value, ...]


class _NoRowError(ValueError):
    """These bytes are no row."""


def rows_of_page(number: int, page_at: Callable[[int], bytes], *, page_size: int) -> Iterator[Row]:
    """Yield the rows that can be read from page `number` (from 1), when it is a table's leaf.

    `page_at` returns a page by its number, b"" where there is none. What looks like a row may be none.
    """
    page = page_at(number)
    start = _FILE_HEADER if number == 1 else 0
    if len(page) != page_size or page[start] != _TABLE_LEAF:
        return
    count = int.from_bytes(page[start + 3 : start + 5], "big")
    if start + 8 + 2 * count > page_size:
        return
    for cell in struct.unpack_from(f">{count}H", page, start + 8):
        try:
            yield _row(page, cell, page_at)
        except (_NoRowError, IndexError, UnicodeDecodeError):
            continue


def _row(page: bytes, start: int, page_at: Callable[[int], bytes]) -> Row:
    length, start = _varint(page, start)
    place, start = _varint(page, start)
    return Row(_signed(place), _columns(_payload(page, start, length, page_at)))


def _payload(page: bytes, start: int, length: int, page_at: Callable[[int], bytes]) -> bytes:
    """Return a row's bytes; of a long one, the end is in a chain of pages of its own."""
    usable = len(page)
    most = usable - 35
    if length <= most:
        return page[start : start + length]
    least = (usable - 12) * 32 // 255 - 23
    local = least + (length - least) % (usable - 4)
    local = local if local <= most else least
    payload = page[start : start + local]
    following = int.from_bytes(page[start + local : start + local + 4], "big")
    seen: set[int] = set()
    while len(payload) < length:
        overflow = page_at(following)
        if not overflow or following in seen or length > _LONGEST:
            raise _NoRowError
        seen.add(following)
        following = int.from_bytes(overflow[:4], "big")
        payload += overflow[4:]
    return payload[:length]


def _columns(payload: bytes) -> tuple[Value, ...]:
    header, at = _varint(payload, 0)
    if header > len(payload):
        raise _NoRowError
    types = []
    while at < header:
        kind, at = _varint(payload, at)
        types.append(kind)
    columns: list[Value] = []
    for kind in types:
        value, at = _value(payload, at, kind)
        columns.append(value)
    return tuple(columns)


def _value(payload: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == 0:
        return None, at
    if kind in {8, 9}:
        return kind - 8, at
    if kind in _INTEGER_BYTES:
        end = at + _INTEGER_BYTES[kind]
        value: Value = int.from_bytes(payload[at:end], "big", signed=True)
    elif kind >= 12:
        end = at + (kind - 12) // 2
        value = payload[at:end].decode() if kind % 2 else payload[at:end]
    else:
        raise _NoRowError
    if end > len(payload):
        raise _NoRowError
    return value, end


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = 0
    for index in range(8):
        byte = data[at + index]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    return value << 8 | data[at + 8], at + 9


def _signed(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value
