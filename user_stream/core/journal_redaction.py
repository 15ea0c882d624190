"""Frames without the keys that they carry, so that they may be kept.

A listen key is a password for everything that happens to the account, and frames hold it: as the `stream` of a
combined stream's envelope (`<key>` or `<key>@<event>`), as `listenKey` of listenKeyExpired, and in the answer to
LIST_SUBSCRIPTIONS. The first two are taken out by their place, whatever they look like, the rest by its looks:
Binance's keys are 64 letters and digits, and nothing else in a frame is a run of 40 (client order ids have at most 36
characters). What is left is, byte for byte, what came.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["REDACTED", "redact"]

REDACTED: Final = b"<redacted>"

_LONG: Final = 40
_LETTERS: Final = bytes(ord("a") if chr(code).isalnum() and code < 128 else ord(" ") for code in range(256))
_TEXT: Final = rb'(?:[^"\\@]|\\.)*'
_BY_PLACE: Final = re.compile(rb'("(?:stream|listenKey)"\s*:\s*")' + _TEXT, re.DOTALL)
_BY_LOOKS: Final = re.compile(rb"[A-Za-z0-9]{%d,}" % _LONG)


def redact(frame: bytes) -> bytes:
    """Return a frame as it came, whatever it is, with `<redacted>` in place of every key."""
    if b'"stream"' in frame or b'"listenKey"' in frame:
        frame = _BY_PLACE.sub(rb"\1" + REDACTED, frame)
    # the regular expression alone would cost more than everything else that is done with a frame
    if b"a" * _LONG in frame.translate(_LETTERS):
        frame = _BY_LOOKS.sub(REDACTED, frame)
    return frame
