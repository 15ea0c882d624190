"""A journal as text: lines of JSON for programs, and a scenario that the simulator plays.

A scenario pushes the frames again, byte for byte and at the distances at which they came, once a client has connected.
What was not said by the stream itself is left out (answers to control messages), an envelope is taken off, and the
expiry of a listen key, whose name is not kept, becomes the simulator's own. An event that several connections told is
one event, and is pushed once, when the first of them told it; the simulator pushes it to whoever is connected. The
lines of JSON hold every frame of every connection.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from user_stream.contracts import OrderIntent
from user_stream.core.echoes import Echoes
from user_stream.core.journal_rows import ToldRow

__all__ = ["KeptFrame", "frame_line", "intent_line", "scenario_lines", "told_line"]

_PATIENCE_MS = 60_000


class KeptFrame(NamedTuple):
    """A frame as it is kept: when it came (ms of this machine), on which connection, and what it was without keys."""

    received_ms: int
    epoch: int
    frame: bytes

    @property
    def text(self) -> str:
        """The frame as text; bytes that are none are replaced."""
        return self.frame.decode(errors="replace")

    @property
    def event_type(self) -> str:
        """The name of the event, "" where there is none."""
        return _look_into(self.frame).event_type


class _Message(msgspec.Struct):
    """As much of a frame as must be known here."""

    e: str = ""
    id: msgspec.Raw = msgspec.Raw()
    stream: str | None = None
    data: msgspec.Raw = msgspec.Raw()


class _Content(NamedTuple):
    event_type: str
    is_answer: bool
    event: bytes


_message = msgspec.json.Decoder(_Message)


def _look_into(frame: bytes) -> _Content:
    try:
        message = _message.decode(frame)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _Content("", is_answer=False, event=frame)
    if message.stream is not None and bytes(message.data):
        return _look_into(bytes(message.data))
    return _Content(message.e, is_answer=not message.e and bool(bytes(message.id)), event=frame)


# --- lines of JSON ------------------------------------------------------------------------------------------------


def frame_line(kept: KeptFrame) -> str:
    """Return the line of a frame."""
    return _line({"kind": "frame", "received_ms": kept.received_ms, "epoch": kept.epoch, "frame": kept.text})


def told_line(row: ToldRow, *, acknowledged: bool) -> str:
    """Return the line of a delivery, or of details."""
    facts = {"kind": row.told.kind, "written_ms": row.written_ms, "acknowledged": acknowledged}
    return _line({**facts, "update": row.told.update})


def intent_line(intent: OrderIntent) -> str:
    """Return the line of an order that was sent and never heard of."""
    return _line({"kind": "intent", "intent": intent})


def _line(facts: object) -> str:
    return msgspec.json.encode(facts).decode()


# --- a scenario ---------------------------------------------------------------------------------------------------


def scenario_lines(frames: Iterable[KeptFrame], *, about: str) -> Iterator[str]:
    """Yield the lines of a scenario file that pushes these frames, oldest first; none when nothing is to be pushed."""
    first_ms: int | None = None
    delay_ms = 0
    echoes = Echoes()
    for kept in frames:
        content = _look_into(kept.frame)
        if content.is_answer or not echoes.is_new(kept.epoch, content.event):
            continue
        if first_ms is None:
            first_ms = kept.received_ms
            yield f"about: {_quoted(about)}\nsteps:"
        delay_ms = max(delay_ms, kept.received_ms - first_ms)  # the clock may have been set back
        yield f"  - after: {{connection: opened}}\n    delay: {delay_ms}ms\n    do: {_action(content)}"
    if first_ms is not None:
        yield f"timeout: {delay_ms + _PATIENCE_MS}ms"


def _action(content: _Content) -> str:
    if content.event_type == "listenKeyExpired":
        return "expire_listen_key"
    return f"{{push: {{frame: {_quoted(content.event.decode(errors='replace'))}}}}}"


def _quoted(text: str) -> str:
    """Return a text as YAML that means exactly it."""
    if text.isprintable():
        return "'" + text.replace("'", "''") + "'"
    plain = (
        character if character.isprintable() and character not in '"\\' else f"\\U{ord(character):08X}"
        for character in text
    )
    return '"' + "".join(plain) + '"'
