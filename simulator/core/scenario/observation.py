"""What an entry of the journal is to a scenario: does it match a pattern, and which order is it about?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from simulator.core.journal import JournalEntry
from simulator.core.scenario.notation import matches, split_request
from simulator.core.scenario.trigger import Connection, EventPattern, RequestPattern

__all__ = ["NOTHING", "Subject", "describes", "fits_connection", "fits_event", "fits_request", "subject", "symbols_of"]


class Subject(NamedTuple):
    """The order and the account that something is about; None when it is about none."""

    order: str | int | None
    """clientOrderId or orderId."""
    account: str | None


NOTHING = Subject(None, None)

_ORDER_NAMES = ("orderId", "newClientOrderId", "origClientOrderId", "clientAlgoId", "algoId")


def fits_event(pattern: EventPattern, entry: JournalEntry) -> bool:
    """Say whether an entry is an event that the pattern describes."""
    return entry.kind == "event" and describes(pattern, entry.event, entry.account, entry.body)


def describes(pattern: EventPattern, event: str, account: str, body: object) -> bool:
    """Say whether the pattern describes an event: its name, the account that it is for, and what it says."""
    if not matches(pattern.event, event) or pattern.account not in {None, account}:
        return False
    told = _mapping(body)
    order = _mapping(told.get("o")) or told
    wanted = (
        (pattern.status, order.get("X")),
        (pattern.execution_type, order.get("x")),
        (pattern.client_order_id, order.get("c", order.get("caid"))),
        (pattern.reason, _mapping(told.get("a")).get("m")),
    )
    if pattern.symbol is not None and not any(matches(pattern.symbol, symbol) for symbol in symbols_of(told)):
        return False
    return all(_fits(text, actual) for text, actual in wanted)


def fits_request(pattern: RequestPattern, entry: JournalEntry) -> bool:
    """Say whether an entry is the arrival of a request that the pattern describes."""
    method, path = split_request(pattern.request)
    if entry.kind != "request" or entry.method != method or not matches(path, entry.path):
        return False
    sent = _mapping(entry.body)
    return all(_fits(text, sent.get(name)) for name, text in pattern.where.items())


def fits_connection(trigger: Connection, entry: JournalEntry) -> bool:
    """Say whether an entry is a user stream connection that was opened, or closed."""
    return entry.kind == "connection" and entry.event == trigger.connection


def subject(entry: JournalEntry) -> Subject:
    """Return the order and the account that an event, a request or an answer is about."""
    body = _mapping(entry.body)
    order = _mapping(body.get("o")) or body
    if entry.kind == "event":
        named = order.get("i", order.get("caid"))
    else:
        named = next((body[name] for name in _ORDER_NAMES if body.get(name)), None)
    return Subject(named if isinstance(named, str | int) else None, entry.account or None)


def symbols_of(body: Mapping[str, Any]) -> Iterator[str]:
    """Yield the symbols that an event is about: of its order, its positions, its setting, its fee."""
    yield from (str(held["s"]) for held in (body, *map(_mapping, body.values())) if "s" in held)
    account = _mapping(body.get("a"))
    yield from (str(account[name]) for name in ("S",) if name in account)
    rows = [*_rows(account.get("P")), *_rows(body.get("p"))]
    yield from (str(row["s"]) for row in map(_mapping, rows) if "s" in row)


def _rows(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _fits(wanted: str | None, actual: object) -> bool:
    return wanted is None or (actual is not None and matches(wanted, str(actual)))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
