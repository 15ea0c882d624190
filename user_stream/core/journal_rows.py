"""What a journal keeps, and how a row proves that it is whole.

A row is a *body* (JSON, but for frames, which are kept as they came) under a *place* (its number within its table),
with a *seal*: a CRC-32 over the body that starts from table, place and account. So a row that was damaged, stands in a
wrong place or belongs to another account is known as such by itself, wherever it is found: this is what salvage relies
on. Everything else in the file (columns beside body and seal, indexes) is there to find rows, and is made anew from
them. The account is in the file only as a fingerprint of its API key.

What was told is written before the engine is told. Each such row also says up to which row the engine had been told
when it was written, so that no second write is needed for that.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, TypeAlias, TypeVar, cast

import msgspec

from user_stream.contracts import MappedOrderUpdate, OrderIntent
from user_stream.core.ledger import Told
from user_stream.core.mapping import ENDED
from user_stream.core.order_record import OrderKey

__all__ = [
    "FORMAT",
    "Account",
    "Progress",
    "Resumption",
    "Table",
    "ToldRow",
    "UnreadableRowError",
    "bears_seal",
    "decode_account",
    "decode_intent",
    "decode_progress",
    "decode_told",
    "encode",
    "encode_told",
    "fingerprint",
    "journal_key",
    "seal",
]

FORMAT: Final = 1
"""Grows when rows change their shape."""

Table: TypeAlias = Literal["head", "intents", "told", "frames"]
T = TypeVar("T")
_TABLES: Final[dict[Table, int]] = {"head": 1, "intents": 2, "told": 3, "frames": 4}


class UnreadableRowError(ValueError):
    """A body that is whole, but not in the shape of its table."""


class Account(msgspec.Struct, frozen=True):
    """Whose journal this is: its first row."""

    format: int
    fingerprint: str


class Progress(msgspec.Struct, kw_only=True):
    """How far everything is: the second row. `watermark` and `floor` are exchange ms, 0 when not known yet."""

    watermark: int = 0
    floor: int = 0
    acknowledged: int = 0
    """The place of the last row that the engine was told for certain; rows in `told` may know better."""
    next_place: int = 1
    next_delivery_id: int = 1


class ToldRow(NamedTuple):
    """Something that the engine was told, or was about to be: when (ms of this machine), and what."""

    written_ms: int
    acknowledged: int
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What a process that starts now goes on from.

    `watermark`: until when everything is known; `floor`: orders made before it start from a baseline (exchange ms, both
    0 when never said). `intents`: what was sent, or was about to be, and never heard of. `told`: everything that the
    engine was told, or was about to be, of each order that is open or ended within the retention, oldest first;
    `unacknowledged` are those at its end that the engine may have missed, marked `redelivered`. `ours`: which of these
    orders were announced before they were sent, by `journal_key`.
    """

    watermark: int
    floor: int
    intents: tuple[OrderIntent, ...]
    told: tuple[Told, ...]
    unacknowledged: tuple[Told, ...]
    next_delivery_id: int
    ours: Mapping[OrderKey, OrderIntent] = field(default_factory=dict)


def fingerprint(api_key: str) -> str:
    """Return what stands for an account in its journal: 16 hexadecimal digits that do not lead back to the key."""
    return hashlib.sha256(api_key.encode()).hexdigest()[:16]


def seal(table: Table, place: int, account: str, body: bytes) -> int:
    """Return the checksum of a row; `account` is the fingerprint."""
    start = zlib.crc32(account.encode(), _TABLES[table])
    return zlib.crc32(body, (start ^ place) & 0xFFFFFFFF)


def bears_seal(table: Table, place: int, account: str, body: object, number: object) -> bool:
    """Say whether a row is as it was written."""
    return isinstance(body, bytes) and seal(table, place, account, body) == number


def journal_key(update: MappedOrderUpdate) -> tuple[OrderKey, bool]:
    """Return the order that an update is about, and whether it ends it. A conditional order and the order that it
    becomes are one, and go by the algo id.
    """
    algo_id = update.get("algo_id", 0)
    order_id = f"algo {algo_id}" if algo_id else update["order_id"]
    return (update["symbol"], order_id), update["order_status"] in ENDED


_encoder = msgspec.json.Encoder()
encode: Callable[[object], bytes] = _encoder.encode
"""Return the body of an account, a progress or an intent."""

_account = msgspec.json.Decoder(Account)
_progress = msgspec.json.Decoder(Progress)
_intent = msgspec.json.Decoder(OrderIntent)
_told = msgspec.json.Decoder(tuple[int, int, str, MappedOrderUpdate])


def encode_told(told: Told, *, written_ms: int, acknowledged: int) -> bytes:
    """Return the body of something told."""
    return _encoder.encode((written_ms, acknowledged, told.kind, told.update))


def decode_told(body: bytes) -> ToldRow:
    """Read the body of something told. Raises `UnreadableRowError`."""
    written_ms, acknowledged, kind, update = _read(_told, body)
    return ToldRow(written_ms, acknowledged, Told(cast("Literal['delivery', 'details']", kind), update))


def decode_intent(body: bytes) -> OrderIntent:
    """Read the body of an intent. Raises `UnreadableRowError`."""
    return _read(_intent, body)


def decode_account(body: bytes) -> Account:
    """Read the first row. Raises `UnreadableRowError`."""
    return _read(_account, body)


def decode_progress(body: bytes) -> Progress:
    """Read the second row. Raises `UnreadableRowError`."""
    return _read(_progress, body)


def _read(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        message = f"a row is not in its table's shape: {error}"
        raise UnreadableRowError(message) from None
