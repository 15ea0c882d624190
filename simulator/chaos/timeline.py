"""What both sides did around a divergence, by time: the exchange's journal, and what its engine was told and believed.

Of the journal, the lines are those about the order or the symbol that the divergence names, and whatever concerns
everybody: connections, listen keys, faults that are not about another order or symbol, defects. Most of the lines are
before the divergence: what led to it is what a reader looks for. The journal is masked already, and nothing else
enters.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

import msgspec

from simulator.chaos.result import Divergence
from simulator.core.journal import JournalEntry

__all__ = ["Moment", "timeline"]

MOST: Final = 40
_AFTERWARDS: Final = 8
"""How many of the lines may come after the divergence was found."""
_TOLD: Final = 160
"""How much of an entry is shown, in characters."""
_FOR_EVERYBODY: Final = frozenset({"connection", "listen_key", "note", "failure"})
_REPETITIONS: Final = 4
_REQUEST: Final = re.compile(r"^exchange  . (request|response) ")
_WORD: Final = re.compile(r"[^\s=,:]+")
_ORDER_ID_FIELDS: Final = ("orderId", "i", "algoId", "aid")
_SYMBOL_FIELDS: Final = ("symbol", "s")
_CLIENT_ID_FIELDS: Final = ("clientOrderId", "c", "clientAlgoId", "caid", "newClientOrderId", "origClientOrderId")

Line: TypeAlias = tuple[int, str]
"""When, and what."""


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the engine was told, believed from then on, or went through."""

    time_ms: int
    """Of the exchange's clock."""
    text: str
    about: tuple[str, ...] = ()
    """Order ids, client order ids and symbols; nothing: it concerns everything, as a crash does."""


def timeline(
    divergence: Divergence, journal: Iterable[JournalEntry], moments: Iterable[Moment], most: int = MOST
) -> tuple[str, ...]:
    """Return at most `most` lines, oldest first, and one more that says where the divergence was found."""
    entries = list(journal)
    names = _names(divergence.about, entries)
    others = _others(entries, names)
    lines = [(entry.time_ms, _shown(entry)) for entry in _concerning(entries, names, others)]
    lines += [(moment.time_ms, f"engine    {moment.text}") for moment in moments if _is_about(moment, names)]
    lines = _without_repetitions(sorted(lines, key=lambda line: line[0]))
    found_ms = divergence.at_ms or (lines[-1][0] if lines else 0)
    before = [line for line in lines if line[0] <= found_ms]
    after = [line for line in lines if line[0] > found_ms][:_AFTERWARDS]
    kept = before[-(most - len(after)) :]
    found = (found_ms, f">>>       {_first_line(divergence.what)}")
    return tuple(f"{_clock(time_ms)}  {text}" for time_ms, text in [*kept, found, *after])


def _without_repetitions(lines: Sequence[Line]) -> list[Line]:
    """Return of what was asked and answered the same again and again the first time and the last, which counts them."""
    times = Counter(text for _, text in lines)
    seen: Counter[str] = Counter()
    kept = []
    for time_ms, text in lines:
        seen[text] += 1
        is_repeated = times[text] > _REPETITIONS and _REQUEST.search(text) is not None
        if is_repeated and seen[text] == times[text]:
            kept.append((time_ms, f"{text} (for the {times[text]}th time)"))
        elif not is_repeated or seen[text] == 1:
            kept.append((time_ms, text))
    return kept


def _names(about: str, entries: Sequence[JournalEntry]) -> frozenset[str]:
    """Return under what the thing goes: an order has an id of its own, and the exchange's."""
    names = {about} if about else set()
    for entry in entries if about else ():
        for record in _records(entry.body):
            if any(record.get(field) == about for field in _CLIENT_ID_FIELDS):
                names |= {str(record[field]) for field in _ORDER_ID_FIELDS if record.get(field)}
    return frozenset(names)


def _others(entries: Iterable[JournalEntry], names: frozenset[str]) -> frozenset[str]:
    """Return the orders and symbols that it is not about."""
    known: set[str] = set()
    own: set[str] = set(names)
    for entry in entries:
        for record in _records(entry.body):
            said = {str(record[field]) for field in (*_CLIENT_ID_FIELDS, *_SYMBOL_FIELDS) if record.get(field)}
            known |= said
            if not names.isdisjoint(_texts(record)):
                own |= {str(record[field]) for field in _SYMBOL_FIELDS if record.get(field)}
    return frozenset(known - own)


def _concerning(
    entries: Iterable[JournalEntry], names: frozenset[str], others: frozenset[str]
) -> Iterator[JournalEntry]:
    asked: set[int] = set()
    for entry in entries:
        if _concerns(entry, names, others) or entry.about in asked:
            yield entry
            if entry.kind == "request":
                asked.add(entry.seq)


def _concerns(entry: JournalEntry, names: frozenset[str], others: frozenset[str]) -> bool:
    if not names:
        return entry.kind != "market"
    if entry.kind in _FOR_EVERYBODY:
        return True
    words = frozenset(_WORD.findall(entry.summary))
    if names & words:
        return True
    records = list(_records(entry.body))
    if entry.kind == "action" and not records:
        return not others & words
    return any(not names.isdisjoint(_texts(record)) for record in records)


def _records(body: object) -> Iterator[Mapping[str, Any]]:
    """Yield every mapping in a body, the outer one first."""
    if isinstance(body, Mapping):
        yield body
        for value in body.values():
            yield from _records(value)
    elif isinstance(body, list | tuple):
        for value in body:
            yield from _records(value)


def _texts(record: Mapping[str, Any]) -> Iterator[str]:
    return (str(value) for value in record.values() if isinstance(value, str | int))


def _is_about(moment: Moment, names: frozenset[str]) -> bool:
    return not names or not moment.about or not names.isdisjoint(moment.about)


def _shown(entry: JournalEntry) -> str:
    arrow = {"in": "→", "out": "←"}.get(entry.direction, "·")
    words = [entry.event, entry.method, entry.path, str(entry.status or ""), entry.summary, _content(entry)]
    return f"exchange  {arrow} {entry.kind:<10} {_short(' '.join(filter(None, words)))}"


def _content(entry: JournalEntry) -> str:
    """Return what a request asked for, or why it was refused; an event says of itself what matters."""
    body = entry.body
    if entry.kind == "request" and isinstance(body, Mapping):
        hidden = {"timestamp", "recvWindow", "signature"}
        return " ".join(f"{name}={value}" for name, value in body.items() if name not in hidden)
    if entry.kind == "response" and isinstance(body, list):
        return f"{len(body)} items"
    if entry.kind == "response" and isinstance(body, Mapping):
        names = ("code", "msg", "clientOrderId", "status", "executedQty")
        return " ".join(f"{name}={body[name]}" for name in names if name in body)
    return ""


def _short(text: str) -> str:
    return text if len(text) <= _TOLD else f"{text[: _TOLD - 1]}…"


def _first_line(text: str) -> str:
    return text.partition("\n")[0]


def _clock(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%H:%M:%S.%f")[:-3]
