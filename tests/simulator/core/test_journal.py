"""The journal holds what happened, in order, bounded, and without secrets."""

from __future__ import annotations

import pytest

from simulator import Journal
from simulator.core.journal import mask, mask_text, masked_params


def a_journal(limit: int = 100) -> Journal:
    journal = Journal(limit)
    journal.record(1000, "request", direction="in", method="POST", path="/fapi/v1/order")
    journal.record(1001, "event", direction="out", account="default", event="TRADE_LITE")
    journal.record(1002, "event", direction="out", account="default", event="ACCOUNT_UPDATE")
    journal.record(1003, "response", direction="out", about=1, status=200, path="/fapi/v1/order")
    return journal


def test_entries_are_numbered_in_order() -> None:
    assert [entry.seq for entry in a_journal()] == [1, 2, 3, 4]


def test_entries_are_found_by_their_fields() -> None:
    journal = a_journal()

    assert [entry.seq for entry in journal.entries(kind="event")] == [2, 3]
    assert [entry.seq for entry in journal.entries(kind="event", event="TRADE_LITE")] == [2]
    assert [entry.seq for entry in journal.entries(path="/fapi/v1/order", method=None)] == [1, 4]
    assert [entry.seq for entry in journal.entries(since=2)] == [3, 4]
    assert [entry.seq for entry in journal.entries(limit=1)] == [4]


def test_a_field_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(TypeError, match="no evnet: it has seq"):
        a_journal().entries(evnet="TRADE_LITE")


def test_the_oldest_entries_are_forgotten_and_counted() -> None:
    journal = a_journal(limit=2)

    assert [entry.seq for entry in journal] == [3, 4]
    assert journal.forgotten == 2


def test_the_oldest_entries_are_forgotten_when_together_they_are_too_large() -> None:
    journal = Journal(most_bytes=1000)
    journal.record(1000, "response", size=600)
    journal.record(1000, "frame", summary="x" * 300)
    journal.record(1000, "note", path="x" * 100)
    assert journal.forgotten == 0

    journal.record(1000, "response", size=1)

    assert [entry.seq for entry in journal] == [2, 3, 4]
    assert journal.forgotten == 1


def test_text_has_a_line_per_entry() -> None:
    lines = a_journal().text().splitlines()

    assert len(lines) == 4
    assert "← event" in lines[1]
    assert "TRADE_LITE" in lines[1]


def test_keys_and_signatures_are_masked() -> None:
    params = {"listenKey": "k" * 64, "signature": "abc", "symbol": "BTCUSDT"}

    assert masked_params(params) == {"listenKey": "kkkk…", "signature": "…", "symbol": "BTCUSDT"}
    assert mask("") == ""
    assert mask_text(f"/ws/{'k' * 64}@X") == "/ws/kkkk…@X"


def test_keys_are_masked_whatever_they_are_sent_as() -> None:
    assert masked_params({"listen_key": "k" * 64, "quantity": "1"}) == {"listen_key": "kkkk…", "quantity": "1"}
    assert mask_text("/x?a=1&signature=QUJD%2BREVG&b=2") == "/x?a=1&signature=QUJD…&b=2"
    assert mask_text(f"signature={'s' * 64}%2Bsss") == "signature=ssss…"
    assert mask_text("?listenKey=kkkkkk&apiKey=aaaaaa...") == "?listenKey=kkkk…&apiKey=aaaa…"
