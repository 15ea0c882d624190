"""Writes a scenario down as YAML text, from which `parse_scenario` makes an equal one again.

What a field holds by itself is left out, and a step is one line, whatever it does: what a run of the laboratory was
shrunk to is read by a person. Texts stay bare where the reader does not mistake them: `quantity: 0.10`, as a person
would write it. Two things come back otherwise, because the format does not have them: a tuple is a list then, and a
number with a point, or of more than 18 digits, inside free data (`push: {frame: ...}`) is a text.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any, Final, TypeAlias

import yaml

from simulator.core.scenario.action import ACTIONS
from simulator.core.scenario.expectation import EXPECTATIONS
from simulator.core.scenario.record import field_types
from simulator.core.scenario.scenario import Scenario

__all__ = ["scenario_text"]

_NAMES: Final[Mapping[type, str]] = {
    **{kind: name for name, kind in ACTIONS.items()},
    **{kind: name for name, kind in EXPECTATIONS.items()},
}
_TEXT: Final = "tag:yaml.org,2002:str"
_NULL: Final = "tag:yaml.org,2002:null"
_WIDE: Final = 1_000_000
"""No line is broken: one step, one line."""
_LAST: Final = ("do", "steps", "expect")
"""First when, then what; first the world, then what happens in it."""
_RESOLVER: Final = yaml.resolver.Resolver()

Pair: TypeAlias = tuple[yaml.Node, yaml.Node]


def scenario_text(scenario: Scenario, remark: str = "") -> str:
    """Return a scenario as YAML. `remark` goes in front of it, as a comment."""
    head = "".join(f"# {line}".rstrip() + "\n" for line in remark.splitlines())
    node = yaml.MappingNode(_tag("map"), [(_bare(name), _part(value)) for name, value in _told(scenario)])
    text: str = yaml.serialize(node, Dumper=yaml.SafeDumper, allow_unicode=True, width=_WIDE)
    return head + text


def _part(value: object) -> yaml.Node:
    """Return a field of the scenario: a list has an item in each line, everything below it is in that line."""
    if isinstance(value, list | tuple):
        return yaml.SequenceNode(_tag("seq"), [_nested(item) for item in value], flow_style=False)
    if isinstance(value, str):
        return _bare(value)
    return yaml.MappingNode(_tag("map"), _pairs(value), flow_style=False)


def _nested(value: object) -> yaml.Node:
    """Return a record, a list of records, or the name of a step."""
    if isinstance(value, str):
        return _bare(value)
    if isinstance(value, Sequence):
        return _list(_nested(item) for item in value)
    name = _NAMES.get(type(value))
    pairs = _pairs(value)
    if name is None:
        return _mapping(pairs)
    return _mapping([(_bare(name), _mapping(pairs))]) if pairs else _bare(name)


def _pairs(record: object) -> list[Pair]:
    types = field_types(type(record))
    return [(_bare(name), _value(types[name].kind, value)) for name, value in _told(record)]


def _told(record: object) -> Iterable[tuple[str, Any]]:
    """Yield the fields that are not what they are by themselves, and have a place in the text."""
    known = fields(record)  # type: ignore[arg-type]  # every record of the vocabulary is a dataclass
    for field in sorted(known, key=lambda field: field.name in _LAST):
        value = getattr(record, field.name)
        default = field.default if field.default_factory is MISSING else field.default_factory()
        if field.compare and (default is MISSING or value != default):
            yield field.name, value


def _value(kind: str, value: Any) -> yaml.Node:
    match kind:
        case "nested":
            return _nested(value)
        case "texts":
            return _mapping([(_bare(name), _bare(text)) for name, text in value.items()])
        case "data":
            return _data(value)
        case _:
            return _bare(str(value))


def _data(value: object) -> yaml.Node:
    """Return free data, where a text that looks like something else has to be quoted."""
    match value:
        case Mapping():
            return _mapping([(_data(str(name)), _data(item)) for name, item in value.items()])
        case str():
            return _quoted(value)
        case Sequence():
            return _list(_data(item) for item in value)
        case bool():
            return yaml.ScalarNode(_tag("bool"), "true" if value else "false")
        case None:
            return yaml.ScalarNode(_NULL, "null")
        case _:
            return _bare(str(value))


def _bare(text: str) -> yaml.Node:
    """Return a text without quotes, where it needs none: of most fields, the type decides and not the look."""
    tag = _RESOLVER.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]  # stubs leave it so
    return _quoted(text) if tag == _NULL or not text.isprintable() else yaml.ScalarNode(tag, text)


def _quoted(text: str) -> yaml.Node:
    return yaml.ScalarNode(_TEXT, text, style=None if text.isprintable() else '"')


def _list(nodes: Iterable[yaml.Node]) -> yaml.Node:
    return yaml.SequenceNode(_tag("seq"), list(nodes), flow_style=True)


def _mapping(pairs: list[Pair]) -> yaml.Node:
    return yaml.MappingNode(_tag("map"), pairs, flow_style=True)


def _tag(name: str) -> str:
    return f"tag:yaml.org,2002:{name}"
