"""Journal entries as the exchange writes them, one line each."""

from __future__ import annotations

from simulator.core.journal import JournalEntry


def event(
    name: str = "ORDER_TRADE_UPDATE", *, time_ms: int = 0, account: str = "default", **order: object
) -> JournalEntry:
    """Return an event about an order with these wire fields."""
    body = {"e": name, "o": {"s": "BTCUSDT", "c": "cli-1", "i": 7, **order}}
    return JournalEntry(seq=1, time_ms=time_ms, kind="event", event=name, account=account, body=body)


def request(
    method: str = "POST", path: str = "/fapi/v1/order", *, seq: int = 1, time_ms: int = 0, **params: str
) -> JournalEntry:
    """Return the arrival of a request with these parameters."""
    return JournalEntry(
        seq=seq, time_ms=time_ms, kind="request", method=method, path=path, account="default", body=dict(params)
    )


def response(about: int = 1, *, time_ms: int = 0, **body: object) -> JournalEntry:
    """Return the answer to the request of that number."""
    return JournalEntry(
        seq=about + 1, time_ms=time_ms, kind="response", about=about, account="default", status=200, body=dict(body)
    )


def connection(what: str, *, time_ms: int = 0) -> JournalEntry:
    """Return a connection's opening or closing."""
    return JournalEntry(seq=1, time_ms=time_ms, kind="connection", event=what, account="default", connection=1)
