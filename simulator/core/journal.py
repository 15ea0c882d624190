"""Everything that went in and out, in order, with the exchange's time. What a test asserts on, and a person reads.

Entries are facts and never change. Secrets do not enter: listen keys and API keys are masked to their first four
characters, signatures to nothing, before an entry is made. The journal is bounded in entries and in bytes; `forgotten`
counts what the bounds pushed out, so that a reader of `seq` sees the hole.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any, Final

import msgspec

__all__ = ["Journal", "JournalEntry", "mask", "mask_text", "masked_params"]

_KEY: Final = re.compile(
    r"(?:(?<=signature=)|(?<=listenKey=)|(?<=apiKey=))[^&\s'\"…]+|[A-Za-z0-9]{64}"  # named: of any form, even cut off
)
_KEY_LENGTH: Final = 64
_SECRET_PARAMS: Final = frozenset({"listenKey", "apiKey"})


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One thing that happened.

    `kind` is one of:

    - `request` (in) and `response` (out): REST. `method`, `path`; `body` holds the parameters, or the answer;
      `status` the HTTP status; a response's `about` is the `seq` of its request.
    - `event` (out): one user event, once, however many sockets got it (`sockets`). `event` is its name, `body` the
      event as sent.
    - `frame`: a control message on a stream, in or out. `connection` (in): handshakes, closes, resets, silence;
      of a user stream, `event` is `opened` or `closed`.
    - `listen_key`: one ended: expired, deleted or dropped. `market`: a price moved.
    - `action`: something was done to the exchange from outside its API. `note`: worth knowing, such as an unknown
      path or a signature that failed and why. `fault`: a rule took a request or a response (`about` it is).
      `failure`: a defect of the simulator or of a subscriber.

    An entry is part of no cycle, so the collector of garbage, who would look at all 50,000 of them, is spared it.
    `time_ms` is the exchange's time in ms. `connection` numbers a stream connection, from 1; 0 means none.
    """

    seq: int
    time_ms: int
    kind: str
    direction: str = ""
    account: str = ""
    connection: int = 0
    about: int = 0
    method: str = ""
    path: str = ""
    status: int = 0
    event: str = ""
    sockets: int = 0
    summary: str = ""
    body: Any = None

    def __str__(self) -> str:
        arrow = {"in": "→", "out": "←"}.get(self.direction, "·")
        words = [self.event, self.method, self.path, str(self.status or ""), self.summary]
        return f"{self.seq:>6} {self.time_ms} {arrow} {self.kind:<10} {self.account:<8} {' '.join(filter(None, words))}"


class Journal:
    """The entries, oldest first; at most `limit` of them, and of what they hold at most `most_bytes`.

    `next_seq` is the number of the entry that comes next.
    """

    def __init__(self, limit: int = 50_000, most_bytes: int = 64 * 1024 * 1024) -> None:
        self._limit = limit
        self._most_bytes = most_bytes
        self._entries: deque[JournalEntry] = deque()
        self._sizes: deque[int] = deque()
        self._bytes = 0
        self.next_seq = 1

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(self._entries)

    @property
    def forgotten(self) -> int:
        """How many entries the bounds have pushed out."""
        return self.next_seq - 1 - len(self._entries)

    def record(self, time_ms: int, kind: str, *, size: int = 0, **fields: Any) -> JournalEntry:
        """Append an entry and return it. `fields` are those of `JournalEntry`, already masked.

        `size` is how large its body is, in bytes on the wire, when it may be large.
        """
        entry = JournalEntry(seq=self.next_seq, time_ms=time_ms, kind=kind, **fields)
        self.append(entry, size)
        return entry

    def append(self, entry: JournalEntry, size: int = 0) -> None:
        """Append an entry, already masked, whose `seq` is `next_seq`. `size` is as `record` has it."""
        self.next_seq += 1
        size += len(entry.path) + len(entry.summary)
        self._entries.append(entry)
        self._sizes.append(size)
        self._bytes += size
        while self._bytes > self._most_bytes or len(self._entries) > self._limit:
            self._entries.popleft()
            self._bytes -= self._sizes.popleft()

    def entries(self, *, since: int = 0, limit: int | None = None, **wanted: object) -> list[JournalEntry]:
        """Return the entries after `since` (a `seq`) whose fields equal the given ones, oldest first.

        `wanted` names fields of `JournalEntry` (`kind="event"`, `path="/fapi/v1/order"`, `event="TRADE_LITE"`, ...);
        None means any. `limit` keeps the newest. An unknown name raises `TypeError`.
        """
        fields = JournalEntry.__struct_fields__
        unknown = wanted.keys() - set(fields)
        if unknown:
            message = f"a journal entry has no {', '.join(sorted(unknown))}: it has {', '.join(fields)}"
            raise TypeError(message)
        tests = [(name, value) for name, value in wanted.items() if value is not None]
        found = [e for e in self._entries if e.seq > since and all(getattr(e, n) == v for n, v in tests)]
        return found if limit is None else found[max(0, len(found) - limit) :]

    def text(self) -> str:
        """Return every entry as one line of text."""
        return "\n".join(map(str, self._entries))


def mask(secret: str) -> str:
    """Return what may be shown of a key: enough to tell two apart, too little to use one."""
    return f"{secret[:4]}…" if secret else ""


def mask_text(text: str) -> str:
    """Return a text with everything in it masked that has the form of a key, or the name of one before it."""
    if len(text) < _KEY_LENGTH and "=" not in text:
        return text  # as nearly all are: too short for a key, and there is no name of one
    return _KEY.sub(lambda found: mask(found[0]), text)


def masked_params(params: dict[str, str]) -> dict[str, str]:
    """Return the parameters of a request as the journal may hold them: no keys, under whatever name they were sent."""
    shown = params | {"signature": "…"} if "signature" in params else dict(params)
    for name, value in shown.items():
        if name in _SECRET_PARAMS:
            shown[name] = mask(value)
        elif len(value) >= _KEY_LENGTH:
            shown[name] = mask_text(value)
    return shown
