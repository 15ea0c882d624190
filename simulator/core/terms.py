"""Whether terms that a user wrote are what they may be: one clear error for a word that nobody knows.

Types are checked by whoever has a type checker. Who has none would get an exchange that quietly ignores
`MarketTerms(liquidity="Book")`.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from simulator.errors import ConfigurationError

__all__ = ["check_choice", "check_kind", "check_terms"]


def check_terms(terms: msgspec.Struct) -> None:
    """Raise `ConfigurationError` unless every field holds what its type says."""
    kind = type(terms)
    for name, hint in _hints(kind).items():
        _check(f"{kind.__name__}({name}=...)", getattr(terms, name), hint)


def check_choice(what: str, value: object, known: tuple[object, ...]) -> None:
    """Raise `ConfigurationError` unless the value is one of those that are known."""
    if value not in known:
        near = difflib.get_close_matches(str(value), [str(choice) for choice in known], n=1)
        hint = f": did you mean {near[0]!r}?" if near else ""
        message = f"{what}: expected one of {', '.join(map(repr, known))}, got {value!r}{hint}"
        raise ConfigurationError(message)


def check_kind(what: str, value: object, kind: type[object]) -> None:
    """Raise `ConfigurationError` unless the value is of this kind."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "aeiou" else "a"
        message = f"{what}: expected {article} {kind.__name__}, got {value!r}"
        raise ConfigurationError(message)


@cache
def _hints(kind: type[msgspec.Struct]) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _check(what: str, value: object, hint: Any) -> None:
    if get_origin(hint) in {Union, UnionType}:
        if value is None and NoneType in get_args(hint):
            return
        hint = next(member for member in get_args(hint) if member is not NoneType)
    if get_origin(hint) is Literal:
        check_choice(what, value, get_args(hint))
        return
    check_kind(what, value, get_origin(hint) or hint)
    if isinstance(value, frozenset):
        for item in value:
            _check(what, item, get_args(hint)[0])
