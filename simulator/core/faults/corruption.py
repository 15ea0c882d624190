"""How a spoilt frame looks: what a client must survive although no correct exchange sends it, or does not send it yet.

| how               | the frame                                                                               |
|-------------------|-----------------------------------------------------------------------------------------|
| `truncated`       | breaks off in the middle: no JSON                                                       |
| `bad_json`        | is whole, but no JSON: its names have no quotes                                         |
| `binary`          | is a binary frame, and no UTF-8                                                         |
| `wrong_types`     | has a text where its content should be                                                  |
| `swapped_numbers` | has texts for its numbers and numbers for its decimal texts, `E` and ids included       |
| `text_event_time` | has `E` as text, as an official sample once had                                         |
| `huge_ids`        | has order and trade ids that no double holds                                            |
| `unknown_fields`  | has fields, at every level, that nobody knows                                           |
| `unknown_values`  | has a word in every enumeration that nobody knows; side and position side stay          |
| `unknown_event`   | is of a type that nobody knows                                                          |
| `as_it_is`        | is whole, but for what follows                                                          |

`remove` then takes away fields, and `replace` puts values; both name them by their path: `"o.N"`, `"E"`. Positions in
lists are numbers: `"a.B.0.wb"`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias

import msgspec

__all__ = ["BINARY_GARBAGE", "Corrupt", "Corruption", "corrupted", "spoilt_bytes", "spoilt_content"]

Corruption: TypeAlias = Literal[
    "truncated",
    "bad_json",
    "binary",
    "wrong_types",
    "swapped_numbers",
    "text_event_time",
    "huge_ids",
    "unknown_fields",
    "unknown_values",
    "unknown_event",
    "as_it_is",
]

BINARY_GARBAGE: Final = b"\xff\xfe\x00"
_NEW_WORD: Final = "SOMETHING_NEW"
_HUGE: Final = 8_389_766_079_988_521_101
_ENUMERATIONS: Final = frozenset({"X", "x", "f", "wt", "ot", "V", "pm", "er", "mt", "at", "act"})
_IDS: Final = frozenset({"i", "t", "aid"})
_DECIMAL: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?")

Body = dict[str, Any]


class Corrupt(msgspec.Struct, frozen=True):
    """Send the frame spoilt in this way, with these fields removed and these values replaced (by their paths)."""

    how: Corruption = "as_it_is"
    remove: tuple[str, ...] = ()
    replace: Mapping[str, object] = {}


def corrupted(corrupt: Corrupt, body: Body) -> Body:
    """Return the event as the corruption leaves it; what spoils bytes, and not values, leaves it as it is."""
    change = _CHANGES.get(corrupt.how)
    changed: Body = msgspec.json.decode(msgspec.json.encode(body))
    if change is not None:
        changed = change(changed)
    for path in corrupt.remove:
        holder, name = _find(changed, path)
        if isinstance(holder, dict):
            holder.pop(name, None)
        elif _is_position(holder, name):
            del holder[int(name)]
    for path, value in corrupt.replace.items():
        holder, name = _find(changed, path)
        if isinstance(holder, dict):
            holder[str(name)] = value
        elif _is_position(holder, name):
            holder[int(name)] = value
    return changed


def spoilt_bytes(corrupt: Corrupt, payload: bytes) -> bytes:
    """Return the JSON of a corrupted event as what spoils bytes leaves it; a binary one is to be sent as such."""
    match corrupt.how:
        case "truncated":
            return payload[: len(payload) // 2]
        case "bad_json":
            return payload.replace(b'"', b"")
        case "binary":
            return BINARY_GARBAGE + payload
        case _:
            return payload


def spoilt_content(corrupt: Corrupt, content: object) -> bytes:
    """Return what a corrupted answer of REST says: each object of a list is spoilt like the only one."""
    plain = msgspec.json.decode(msgspec.json.encode(content))
    if isinstance(plain, list):
        plain = [corrupted(corrupt, held) if isinstance(held, dict) else held for held in plain]
    elif isinstance(plain, dict):
        plain = corrupted(corrupt, plain)
    return spoilt_bytes(corrupt, msgspec.json.encode(plain))


def _is_position(holder: object, name: str) -> bool:
    return isinstance(holder, list) and name.isdecimal() and int(name) < len(holder)


def _find(body: Body, path: str) -> tuple[Any, str]:
    *names, last = path.split(".")
    holder: Any = body
    for name in names:
        if isinstance(holder, dict):
            holder = holder.get(name)
        elif _is_position(holder, name):
            holder = holder[int(name)]
    return holder, last


def _with_wrong_types(body: Body) -> Body:
    return {name: value if name == "e" else _of_wrong_type(value) for name, value in body.items()}


def _of_wrong_type(value: object) -> object:
    return "text" if isinstance(value, dict | list) else {"not": "expected"}


def _with_swapped_numbers(body: Body) -> Body:
    return {name: value if name == "e" else _swapped(value) for name, value in body.items()}


def _swapped(value: Any) -> Any:
    match value:
        case dict():
            return {name: _swapped(held) for name, held in value.items()}
        case list():
            return [_swapped(held) for held in value]
        case bool():
            return value
        case int():
            return str(value)
        case str() if _DECIMAL.fullmatch(value):
            return msgspec.Raw(value.encode())
        case _:
            return value


def _with_unknown_fields(body: Body) -> Body:
    return _everywhere(body, lambda held: held | {"zz": {"new": [1, "2"]}, "z9": None})


def _with_unknown_values(body: Body) -> Body:
    known = _everywhere(body, lambda held: {n: _NEW_WORD if n in _ENUMERATIONS else v for n, v in held.items()})
    for content in (known.get("o"), known.get("a")):
        reason = "m" if content is known.get("a") else "o"
        if isinstance(content, dict) and reason in content:
            content[reason] = _NEW_WORD
    return known


def _with_huge_ids(body: Body) -> Body:
    return _everywhere(
        body, lambda held: {n: _HUGE + v if n in _IDS and type(v) is int else v for n, v in held.items()}
    )


def _everywhere(body: Body, change: Callable[[Body], Body]) -> Body:
    """Return the object changed, after every object inside it."""
    return change({name: _inside(held, change) for name, held in body.items()})


def _inside(value: Any, change: Callable[[Body], Body]) -> Any:
    if isinstance(value, dict):
        return _everywhere(value, change)
    return [_inside(held, change) for held in value] if isinstance(value, list) else value


_CHANGES: Final[Mapping[Corruption, Callable[[Body], Body]]] = {
    "wrong_types": _with_wrong_types,
    "swapped_numbers": _with_swapped_numbers,
    "text_event_time": lambda body: body | {"E": str(body.get("E", ""))},
    "huge_ids": _with_huge_ids,
    "unknown_fields": _with_unknown_fields,
    "unknown_values": _with_unknown_values,
    "unknown_event": lambda body: body | {"e": _NEW_WORD},
}
