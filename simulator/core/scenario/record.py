"""What the fields of a scenario's records may hold, read off their type hints.

The classes of the vocabulary are the only description of the format: what reads a file and what checks a scenario
written in Python both ask here, so that neither can know a field that the other does not.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from simulator.core.scenario.notation import Notation, complaint

__all__ = ["FieldType", "Kind", "field_types", "suggestion", "value_complaint"]

Kind: TypeAlias = Literal["text", "integer", "texts", "data", "nested"]
"""A text; a whole number; a mapping of texts; any JSON data; or something that is described elsewhere."""


@dataclass(frozen=True)
class FieldType:
    """What one field may hold."""

    kind: Kind
    required: bool
    notation: Notation | None = None
    choices: tuple[str, ...] = ()


def field_types(record: type) -> Mapping[str, FieldType]:
    """Return the fields of a record of the vocabulary, in the order of their definition."""
    return _field_types(record)


@functools.cache
def _field_types(record: type) -> Mapping[str, FieldType]:
    hints = get_type_hints(record, include_extras=True)
    return {f.name: _field_type(hints[f.name], _is_required(f)) for f in fields(record)}


def _is_required(field: Any) -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _field_type(hint: Any, required: bool) -> FieldType:  # noqa: FBT001  a fact about the field, not a mode
    members = [member for member in _members(hint) if member is not type(None)]
    if any(get_origin(member) is Mapping for member in members):
        kind: Kind = "texts" if get_args(members[0])[1] is str else "data"
        return FieldType(kind, required)
    if len(members) != 1:
        return FieldType("nested", required)
    return _leaf(members[0], required)


def _leaf(hint: Any, required: bool) -> FieldType:  # noqa: FBT001  a fact about the field, not a mode
    if get_origin(hint) is Literal:
        return FieldType("text", required, choices=get_args(hint))
    if get_origin(hint) is Annotated:
        return FieldType("text", required, notation=hint.__metadata__[0])
    if hint is str:
        return FieldType("text", required)
    if hint is int:
        return FieldType("integer", required)
    return FieldType("nested", required)


def _members(hint: Any) -> tuple[Any, ...]:
    if get_origin(hint) in {Annotated, Literal, Mapping} or not get_args(hint):
        return (hint,)
    return get_args(hint)


def value_complaint(wanted: FieldType, value: object) -> str:
    """Return what is wrong with the value of a field, or "" when it is right."""
    match wanted.kind:
        case "text":
            return _text_complaint(wanted, value)
        case "integer":
            return "" if type(value) is int else f"expected a whole number, got {_shown(value)}"
        case "texts":
            return _texts_complaint(value)
        case "data" | "nested":
            return ""


def _text_complaint(wanted: FieldType, value: object) -> str:
    if not isinstance(value, str):
        return f"expected {_expected(wanted)}, got {_shown(value)}"
    if wanted.choices and value not in wanted.choices:
        return f'expected one of {", ".join(wanted.choices)}, got "{value}"{suggestion(value, wanted.choices)}'
    return complaint(wanted.notation, value) if wanted.notation else ""


def _texts_complaint(value: object) -> str:
    if isinstance(value, Mapping) and all(isinstance(text, str) for text in value.values()):
        return ""
    return f"expected a mapping of names to texts, got {_shown(value)}"


def _expected(wanted: FieldType) -> str:
    return {Notation.DECIMAL: "a decimal string", Notation.DURATION: "a duration"}.get(
        wanted.notation or Notation.STEP, "a text"
    )


def _shown(value: object) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return a did-you-mean for a misspelt word, or ""."""
    near = difflib.get_close_matches(word, list(known), n=1) or difflib.get_close_matches(
        word.upper(), list(known), n=1
    )
    return f": did you mean {near[0]}?" if near else ""
