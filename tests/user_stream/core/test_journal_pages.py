"""Rows are read from single pages as SQLite wrote them, and garbage never gets further than a wrong row."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from user_stream.core.journal_pages import Row, Value, rows_of_page

PAGE = 4096


def pages_of(file: bytes) -> Callable[[int], bytes]:
    return lambda number: file[(number - 1) * PAGE : number * PAGE] if number else b""


def rows_of(file: bytes) -> list[Row]:
    return [
        row
        for number in range(1, len(file) // PAGE + 1)
        for row in rows_of_page(number, pages_of(file), page_size=PAGE)
    ]


@pytest.mark.parametrize(
    "value",
    [
        None, 0, 1, -1, 127, -129, 70_000, 2**31, 2**40, -(2**40), 2**62, "", "ü", "x" * 5_000, b"", b"\0" * 100,
        b"y" * 4_050, b"y" * 4_070, b"z" * 40_000,
    ],
    ids=lambda value: repr(value)[:12],
)  # fmt: skip
@pytest.mark.parametrize("place", [1, 200, 2**33, -5])
def test_a_row_is_read_as_sqlite_wrote_it(tmp_path: Path, value: Value, place: int) -> None:
    connection = sqlite3.connect(tmp_path / "rows.db")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value)")
    connection.execute("INSERT INTO t VALUES (?, ?)", (place, value))
    connection.commit()
    connection.close()

    assert Row(place, (None, value)) in rows_of((tmp_path / "rows.db").read_bytes())


def test_all_rows_are_read_without_the_tables_root(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "rows.db")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, value)")
    connection.executemany("INSERT INTO t VALUES (?, ?)", [(place, "x" * 300) for place in range(1, 2_001)])
    connection.commit()
    connection.close()
    file = (tmp_path / "rows.db").read_bytes()

    found = rows_of(b"\xa5" * 2 * PAGE + file[2 * PAGE :])

    assert sorted(row.place for row in found if len(row.columns) == 2) == list(range(1, 2_001))


@given(garbage=st.binary(max_size=400), cells=st.integers(0, 2_000))
def test_garbage_is_no_row_and_no_crash(garbage: bytes, cells: int) -> None:
    head = b"\x0d\0\0" + cells.to_bytes(2, "big") + b"\0\0\0"
    page = (head + garbage).ljust(PAGE, garbage[-1:] or b"\0")

    for row in rows_of_page(2, lambda _: page, page_size=PAGE):
        assert isinstance(row.place, int)


def test_a_long_row_that_leads_in_a_circle_is_no_row() -> None:
    varint = b"\x84\x80\x00"  # 65,536 bytes
    cell = varint + b"\x01" + b"\x02\x0c"
    page = bytearray(PAGE)
    page[:10] = b"\x0d\0\0\0\x01\0\0\0" + (20).to_bytes(2, "big")
    page[20 : 20 + len(cell)] = cell
    following = {0: b"", 3: (3).to_bytes(4, "big") + bytes(PAGE - 4)}

    assert (
        list(
            rows_of_page(
                2, lambda number: bytes(page) if number == 2 else following.get(number, following[3]), page_size=PAGE
            )
        )
        == []
    )
