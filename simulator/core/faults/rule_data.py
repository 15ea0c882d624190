"""Fault rules as plain data, the same in a scenario file, in the body of a request and in the catalogue.

    {on: frame, event: ORDER_TRADE_UPDATE, times: 1, verdict: {delay: {seconds: 5}}}

A verdict is the name of its class in snake case with its fields, or the bare name where it needs none: `drop`. Numbers
may be texts, as scenarios have them, and seconds may have a unit: `"90s"`, `"2m"`. Nothing is guessed beyond
that: every mistake is found, each with its field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin, get_type_hints

import msgspec

from simulator.core.faults.rule import Rule
from simulator.core.faults.rule_check import mistakes, name_of
from simulator.core.faults.verdict import VERDICTS, Verdict
from simulator.core.scenario.notation import Notation, complaint, milliseconds
from simulator.core.scenario.record import suggestion
from simulator.core.scenario.scenario_error import Problem
from simulator.errors import BadFaultError

__all__ = ["data_of", "read_fields", "read_rule", "rule_of"]

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_MISSING: Final = object()


def rule_of(data: object) -> Rule:
    """Return the rule that this data describes. Raises `BadFaultError` with everything that is wrong in it."""
    rule, problems = read_rule(data)
    if rule is None:
        lines = (": ".join(part for part in (problem.path, problem.message) if part) for problem in problems)
        raise BadFaultError(list(lines))
    return rule


def read_rule(data: object, path: str = "") -> tuple[Rule | None, list[Problem]]:
    """Return the rule that this data describes, and what is wrong in it: one of the two. `path` is where it stands."""
    reader = _Reader()
    rule = reader.record(Rule, data, path)
    if isinstance(rule, Rule):
        reader.problems += [Problem(_join(path, found.path), found.message) for found in mistakes(rule)]
    return (None, reader.problems) if reader.problems else (rule, [])


def read_fields(kind: type, data: Mapping[str, Any], path: str = "") -> tuple[dict[str, Any], list[Problem]]:
    """Return fields of a rule as they are given, and what is wrong in them."""
    reader = _Reader()
    return reader.fields(kind, data, path), reader.problems


def data_of(record: Rule | Verdict) -> dict[str, Any]:
    """Return a rule, or a verdict's fields, as the data that describes it; what is as it is by default is left out."""
    return {
        field.name: _plain(value)
        for field in _fields(type(record))
        if (value := getattr(record, field.name)) != _default(field)
    }


@cache
def _fields(kind: type) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


@cache
def _hints(kind: type) -> Mapping[str, Any]:
    return get_type_hints(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, VERDICTS):
        fields = data_of(value)
        return {name_of(type(value)): fields} if fields else name_of(type(value))
    return msgspec.to_builtins(value)


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return _MISSING if field.required else field.default


class _Reader:
    """Reads records, and collects what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def record(self, kind: type, data: object, path: str) -> Any:
        """Return a rule or a verdict, or None when something in it is wrong."""
        if not isinstance(data, Mapping):
            return self._complain(path, f"expected a mapping of fields, got {_shown(data)}")
        before = len(self.problems)
        given = self.fields(kind, data, path)
        for field in _fields(kind):
            if field.required and field.name not in data:
                self._complain(path, f'"{field.name}" is missing')
        return kind(**given) if len(self.problems) == before else None

    def fields(self, kind: type, data: Mapping[Any, Any], path: str) -> dict[str, Any]:
        """Return the fields of a record that are given; what is wrong with one is None."""
        hints = _hints(kind)
        known = {field.name: hints[field.name] for field in _fields(kind)}
        for name in data:
            if name not in known:
                self._complain(_join(path, str(name)), f"unknown field{_near(str(name), known)}")
        return {name: self._value(hint, data[name], _join(path, name)) for name, hint in known.items() if name in data}

    def _verdict(self, data: object, path: str, allowed: Mapping[str, type]) -> Any:
        fields: object = {}
        if isinstance(data, str):
            name = data
        elif isinstance(data, Mapping) and len(data) == 1:
            name, fields = next(iter(data.items()))
        else:
            return self._complain(path, f"expected one verdict with its fields, got {_shown(data)}")
        kind = allowed.get(name)
        if kind is None:
            return self._complain(path, f"there is no verdict {name}{_near(name, allowed)}")
        return self.record(kind, {} if fields is None else fields, _join(path, name))

    def _value(self, hint: Any, value: object, path: str) -> Any:
        members = get_args(hint) if get_origin(hint) in {UnionType, Union} else (hint,)
        verdicts = {name_of(member): member for member in members if member in VERDICTS}
        if verdicts:
            return self._verdict(value, path, verdicts)
        if value is None and type(None) in members:
            return None
        wanted = next(member for member in members if member is not type(None))
        return self._leaf(wanted, value, path)

    def _leaf(self, wanted: Any, value: object, path: str) -> Any:
        if get_origin(wanted) is Literal:
            choices = get_args(wanted)
            if value in choices:
                return value
            near = suggestion(str(value), choices)
            return self._complain(path, f"expected one of {', '.join(choices)}, got {_shown(value)}{near}")
        read, expected = _reader_of(wanted)
        found = read(value)
        if found is _MISSING:
            return self._complain(path, f"expected {expected}, got {_shown(value)}")
        return found

    def _complain(self, path: str, message: str) -> None:
        self.problems.append(Problem(path, message))


def _text(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return _MISSING
    return str(value)


def _whole(value: object) -> object:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]+", value):
        return int(value)
    return value if type(value) is int else _MISSING


def _number(value: object) -> object:
    if isinstance(value, str):
        if _NUMBER.fullmatch(value):
            return float(value)
        return _MISSING if complaint(Notation.DURATION, value) else milliseconds(value) / 1000
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else _MISSING


def _texts(value: object) -> object:
    if not isinstance(value, Mapping):
        return _MISSING
    texts = {str(name): _text(held) for name, held in value.items()}
    return _MISSING if _MISSING in texts.values() else texts


def _names(value: object) -> object:
    if isinstance(value, str) or not isinstance(value, Iterable) or not all(isinstance(name, str) for name in value):
        return _MISSING
    return tuple(value)


def _data(value: object) -> object:
    return dict(value) if isinstance(value, Mapping) else _MISSING


def _anything(value: object) -> object:
    return value


_READERS: Final[Mapping[object, tuple[Callable[[object], object], str]]] = {
    str: (_text, "a text"),
    int: (_whole, "a whole number"),
    float: (_number, 'a number, or a duration such as "90s"'),
    tuple: (_names, "a list of texts"),
    "texts": (_texts, "a mapping of names to texts"),
    Mapping: (_data, "a mapping"),
}


def _reader_of(wanted: Any) -> tuple[Callable[[object], object], str]:
    origin = get_origin(wanted) or wanted
    key = "texts" if origin is Mapping and get_args(wanted)[1] is str else origin
    return _READERS.get(key, (_anything, ""))


def _near(name: str, known: Iterable[str]) -> str:
    return suggestion(name, known) or f": there are {', '.join(known)}"


def _shown(value: object) -> str:
    shown = f'"{value}"' if isinstance(value, str) else repr(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name
