"""Bytes to events, whatever the bytes are.

A frame is decoded in two tries. The first knows the documented shapes and is fast. What it refuses goes to the second,
which reads anything: strings where numbers were documented and numbers where strings were are put right without passing
through a float, nulls count as absent, an unknown event is kept as `RawEvent`, the answer to a control message becomes
`ControlReply`. What is left, no JSON object or a known event without the fields that make it one, is a `DecodeError`:
the caller must assume that it lost an event.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from user_stream.core.events import ALIASES, ControlReply, Event, KnownEvent, RawEvent
from user_stream.core.leniency import convert_leniently

__all__ = ["DecodeError", "decode_event", "event_from_wire"]


class DecodeError(ValueError):
    """A frame that is no event, or a known event that lacks what makes it one."""


class _Envelope(msgspec.Struct):
    """The frame of a combined stream (`/stream`). `stream`, which may be a listen key, is never read."""

    data: msgspec.Raw


_strict: msgspec.json.Decoder[KnownEvent] = msgspec.json.Decoder(KnownEvent)
_envelope = msgspec.json.Decoder(_Envelope)
_tolerant = msgspec.json.Decoder(float_hook=str)
_KNOWN: dict[str, type[KnownEvent]] = {str(event.__struct_config__.tag): event for event in KnownEvent.__args__}


def decode_event(frame: bytes | str) -> Event:
    """Decode one frame, raw or wrapped as `{"stream", "data"}`.

    Raises `DecodeError` when the frame is no event; its text never quotes the frame.
    """
    data = frame.encode(errors="replace") if isinstance(frame, str) else frame
    try:
        if data.startswith(b'{"stream"'):
            return _strict.decode(_envelope.decode(data).data)
        return _strict.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _decode_tolerantly(data)


def event_from_wire(message: Mapping[str, Any]) -> Event:
    """Type a message that somebody has parsed already."""
    return _typed(dict(message))


def _decode_tolerantly(data: bytes) -> Event:
    try:
        message = _tolerant.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        reason = f"the frame of {len(data)} bytes is not JSON, or nested too deeply"
        raise DecodeError(reason) from None  # a UnicodeDecodeError holds the frame
    if not isinstance(message, dict):
        reason = f"the frame is a JSON {type(message).__name__}, not an object"
        raise DecodeError(reason)
    inner = message.get("data")
    return _typed(inner if "stream" in message and isinstance(inner, dict) else message)


def _typed(message: dict[str, Any]) -> Event:
    name = message.get("e")
    if name is None:
        return _control_reply(message)
    known = _KNOWN.get(name) if isinstance(name, str) else None
    if known is None:
        return RawEvent(event_type=str(name), payload=message)
    try:
        return convert_leniently(_by_its_own_keys(message, ALIASES.get(str(name), {})), known)
    except msgspec.ValidationError as error:
        reason = f"{name} is not in its documented shape: {error}"
        raise DecodeError(reason) from None


def _by_its_own_keys(message: dict[str, Any], aliases: Mapping[str, str]) -> dict[str, Any]:
    """Return the message with what stands under an alias under its own key, unless that is there too."""
    standing_in = {key: message[alias] for alias, key in aliases.items() if alias in message and key not in message}
    return {**message, **standing_in} if standing_in else message


def _control_reply(message: dict[str, Any]) -> ControlReply:
    if "result" not in message and "error" not in message and "code" not in message:
        reason = f"the frame has neither an event name nor a result among its {len(message)} fields"
        raise DecodeError(reason)
    error = message.get("error") or ({k: message[k] for k in ("code", "msg") if k in message} or None)
    return ControlReply(id=message.get("id"), result=message.get("result"), error=error)
