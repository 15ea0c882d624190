"""Reads a scenario from YAML or JSON text. Every complaint names the line and the field, and all come at once.

The text is read as a tree of nodes, never as YAML's values: `0.10` stays the decimal that its author wrote, `on` is a
field and not a boolean, and each value knows its line. Which fields there are and what they may hold comes from the
records themselves (see `record`); only the places where one of several records may stand are spelled out here:

- a scenario's `steps` and `expect` are lists;
- what is done, and what is expected, is a mapping of one name to its fields (`fill: {quantity: 0.1}`), or the bare name
  when it needs none (`cut_connections`); a step may do a list of them;
- a trigger is told by its first field (`event`, `request`, `connection`); `after` may also be a step's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import yaml

from simulator.core.scenario.action import ACTIONS
from simulator.core.scenario.expectation import EXPECTATIONS
from simulator.core.scenario.fault_action import SHORT_FORMS, Fault
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.record import FieldType, field_types, suggestion, value_complaint
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_error import Origin, Problem, ScenarioError
from simulator.core.scenario.scenario_rules import check
from simulator.core.scenario.trigger import TRIGGERS, Request

__all__ = ["parse_actions", "parse_fault", "parse_scenario"]

_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")

NodeReader: TypeAlias = Callable[[yaml.Node, str], Any]


def parse_scenario(text: str, source: str, name: str) -> Scenario:
    """Return the scenario that a text describes.

    `source` is what complaints call the text (a file's name); `name` is the scenario's when the text gives none.
    Raises `ScenarioError` with everything that is wrong.
    """
    return _parsed(text, source, lambda reader, node: reader.scenario(node, name))


def parse_actions(text: str, source: str) -> Scenario:
    """Return the scenario whose only step does at once what a text says, as it would stand in `do`: one, or a list.

    Raises `ScenarioError` with everything that is wrong.
    """
    return _parsed(text, source, lambda reader, node: reader.actions(node))


def parse_fault(text: str, source: str) -> tuple[Fault, Scenario]:
    """Return the fault that a text describes, as it would stand in `do: {fault: ...}`, and a scenario that does it.

    Raises `ScenarioError` with everything that is wrong.
    """
    scenario = _parsed(text, source, lambda reader, node: reader.fault(node))
    fault = scenario.steps[0].do
    assert isinstance(fault, Fault)  # noqa: S101  it was read as one
    return fault, scenario


def _parsed(text: str, source: str, read: Callable[[_Reader, yaml.Node | None], dict[str, Any]]) -> Scenario:
    reader = _Reader()
    try:
        found = read(reader, _compose(text))
    except yaml.YAMLError as error:
        raise _not_yaml(error, source) from error
    except RecursionError as error:
        raise ScenarioError([Problem("", "nested too deeply")], Origin(source)) from error
    origin = Origin(source, reader.lines)
    if reader.problems:
        raise ScenarioError(reader.problems, origin)
    scenario = Scenario(**found, origin=origin)
    check(scenario)
    return scenario


class _Loader(yaml.SafeLoader):
    """YAML without aliases: a value is where it stands, and a short text cannot describe a huge tree."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]  # the stubs leave it untyped
            raise yaml.MarkedYAMLError(problem="aliases are not supported: write the value out", problem_mark=mark)
        return super().compose_node(parent, index)


def _compose(text: str) -> yaml.Node | None:
    loader = _Loader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _not_yaml(error: yaml.YAMLError, source: str) -> ScenarioError:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        lines = {"": error.problem_mark.line + 1}
        return ScenarioError([Problem("", f"not readable as YAML: {error.problem}")], Origin(source, lines))
    return ScenarioError([Problem("", f"not readable as YAML: {str(error).splitlines()[0]}")], Origin(source))


class _Reader:
    """Walks the nodes, and collects the line of every path and every complaint."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self.lines: dict[str, int] = {}

    def scenario(self, node: yaml.Node | None, name: str) -> dict[str, Any]:
        if node is None:
            self._complain("", "it is empty: a scenario has steps, or expectations, or both")
            return {}
        self.lines[""] = 1
        readers: dict[str, NodeReader] = {
            "steps": lambda value, path: self._list(value, path, self._step),
            "expect": lambda value, path: self._list(value, path, self._expectation),
            "laboratory": self._laboratory,
        }
        return self._record(Scenario, node, "", readers, {"name": name})

    def actions(self, node: yaml.Node | None) -> dict[str, Any]:
        if node is None:
            self._complain("", "it is empty: say what to do, such as {cancel: {order: web_1}}")
            return {}
        done = self._do(node, "steps[0].do")
        return {} if self.problems else {"name": "do", "steps": [Step(at="0s", do=done)]}

    def fault(self, node: yaml.Node | None) -> dict[str, Any]:
        if node is None:
            self._complain("", "it is empty: say what fails, such as {named: half-open}")
            return {}
        path = "steps[0].do.fault"
        self.lines[path] = _line(node)
        fault = self._build(Fault, self._record(Fault, node, path), path)
        return {} if self.problems else {"name": "fault", "steps": [Step(at="0s", do=fault)]}

    def _laboratory(self, node: yaml.Node, path: str) -> Any:
        return self._build(Laboratory, self._record(Laboratory, node, path), path)

    def _step(self, node: yaml.Node, path: str) -> Any:
        readers: dict[str, NodeReader] = {"do": self._do, "on": self._request, "after": self._after}
        found = self._record(Step, node, path, readers)
        return self._build(Step, found, path)

    def _do(self, node: yaml.Node, path: str) -> Any:
        if isinstance(node, yaml.SequenceNode):
            return self._list(node, path, self._action)
        return self._action(node, path)

    def _action(self, node: yaml.Node, path: str) -> Any:
        return self._named(node, path, ACTIONS, "an action")

    def _expectation(self, node: yaml.Node, path: str) -> Any:
        return self._named(node, path, EXPECTATIONS, "an expectation")

    def _request(self, node: yaml.Node, path: str) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._build(Request, {"request": self._value(node, path, field_types(Request)["request"])}, path)
        return self._build(Request, self._record(Request, node, path), path)

    def _after(self, node: yaml.Node, path: str) -> Any:
        if isinstance(node, yaml.ScalarNode):
            return self._value(node, path, FieldType("text", required=True))
        written = {key.value for key, _ in node.value} if isinstance(node, yaml.MappingNode) else set()
        kinds = [kind for field, kind in TRIGGERS.items() if field in written]
        if len(kinds) != 1:
            self._complain(path, f"expected the name of a step, or exactly one of {', '.join(TRIGGERS)}", node)
            return None
        return self._build(kinds[0], self._record(kinds[0], node, path), path)

    def _named(self, node: yaml.Node, path: str, kinds: Mapping[str, type], what: str) -> Any:
        """Read `name: {fields}`, or a bare `name`."""
        if isinstance(node, yaml.ScalarNode):
            name_node, value = node, None
        elif isinstance(node, yaml.MappingNode) and len(node.value) == 1:
            name_node, value = node.value[0]
        else:
            self._complain(path, f"expected {what}: one of {', '.join(kinds)}, with its fields under it", node)
            return None
        name = str(name_node.value)
        if name not in kinds:
            self._complain(path, f'"{name}" is not {what}{_choices(name, kinds)}', name_node)
            return None
        place = _join(path, name)
        self.lines[place] = _line(name_node)
        if value is None or _is_null(value):
            return self._build(kinds[name], self._missing(kinds[name], {}, place), place)
        short = SHORT_FORMS.get(kinds[name])
        if short is not None and isinstance(value, yaml.ScalarNode):
            found = {short: self._value(value, place, field_types(kinds[name])[short])}
        else:
            found = self._record(kinds[name], value, place)
        return self._build(kinds[name], found, place)

    def _list(self, node: yaml.Node, path: str, read: NodeReader) -> list[Any]:
        if not isinstance(node, yaml.SequenceNode):
            self._complain(path, f"expected a list, got {_what(node)}", node)
            return []
        items = []
        for index, item in enumerate(node.value):
            place = f"{path}[{index}]"
            self.lines[place] = _line(item)
            items.append(read(item, place))
        return items

    def _record(
        self,
        record: type,
        node: yaml.Node,
        path: str,
        readers: Mapping[str, NodeReader] | None = None,
        defaults: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Read a mapping of the record's fields. What is wrong with one is complained of, and left out."""
        if not isinstance(node, yaml.MappingNode):
            self._complain(path, f"expected a mapping of fields, got {_what(node)}", node)
            return {}
        readers = readers or {}
        types = {name: kind for name, kind in field_types(record).items() if kind.kind != "nested" or name in readers}
        found: dict[str, Any] = dict(defaults or {})
        for name, key, value in self._fields(node, path, types):
            place = _join(path, name)
            self.lines[place] = _line(key)
            read = readers.get(name)
            found[name] = read(value, place) if read else self._value(value, place, types[name])
        return self._missing(record, found, path)

    def _fields(
        self, node: yaml.MappingNode, path: str, types: Mapping[str, FieldType]
    ) -> list[tuple[str, yaml.Node, yaml.Node]]:
        fields: dict[str, tuple[str, yaml.Node, yaml.Node]] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in types:
                self._complain(_join(path, name), f"unknown field{_choices(name, types)}", key)
            elif name in fields:
                self._complain(_join(path, name), f"given twice, again in line {_line(key)}")
            else:
                fields[name] = (name, key, value)
        return list(fields.values())

    def _missing(self, record: type, found: dict[str, Any], path: str) -> dict[str, Any]:
        for name, kind in field_types(record).items():
            if kind.required and name not in found:
                self._complain(path, f'"{name}" is missing')
        return found

    def _value(self, node: yaml.Node, path: str, wanted: FieldType) -> Any:
        """Read a leaf. YAML's own idea of a scalar's type is ignored: the field's type decides."""
        if wanted.kind == "data":
            return self._data(node, path)
        if wanted.kind == "texts":
            return self._texts(node, path)
        if not isinstance(node, yaml.ScalarNode):
            self._complain(path, f"expected a single value, got {_what(node)}", node)
            return None
        if _is_null(node):
            self._complain(path, "has no value: write one, or leave the field out", node)
            return None
        value = _integer(node.value) if wanted.kind == "integer" else node.value
        complaint = value_complaint(wanted, value)
        if complaint:
            self._complain(path, complaint, node)
        return value

    def _texts(self, node: yaml.Node, path: str) -> dict[str, str]:
        if not isinstance(node, yaml.MappingNode):
            self._complain(path, f"expected a mapping of names to values, got {_what(node)}", node)
            return {}
        texts: dict[str, str] = {}
        for key, value in node.value:
            place = _join(path, str(key.value))
            self.lines[place] = _line(key)
            texts[str(key.value)] = self._value(value, place, FieldType("text", required=True))
        return texts

    def _data(self, node: yaml.Node, path: str) -> Any:
        """Read any JSON data. A number with a point becomes a text: on this wire, amounts are texts."""
        if isinstance(node, yaml.SequenceNode):
            return [self._data(item, f"{path}[{index}]") for index, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return {str(key.value): self._data(value, _join(path, str(key.value))) for key, value in node.value}
        return _scalar(node)

    def _build(self, record: type, found: dict[str, Any], path: str) -> Any:
        """Make the record, unless something at or below its path was complained of."""
        if any(problem.path == path or problem.path.startswith((f"{path}.", f"{path}[")) for problem in self.problems):
            return None
        return record(**found)

    def _complain(self, path: str, message: str, node: yaml.Node | None = None) -> None:
        if node is not None:
            self.lines.setdefault(path, _line(node))
        self.problems.append(Problem(path, message))


def _scalar(node: yaml.Node) -> object:
    match node.tag.rpartition(":")[2]:
        case "int":
            return _integer(node.value)
        case "bool":
            return node.value.lower() in {"true", "yes", "on"}
        case "null":
            return None
        case _:
            return node.value


def _integer(text: str) -> object:
    """Return a whole number, or the text as it is when it is none."""
    return int(text) if _WHOLE_NUMBER.fullmatch(text) else text


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and bool(node.tag == "tag:yaml.org,2002:null")


def _what(node: yaml.Node) -> str:
    if isinstance(node, yaml.ScalarNode):
        return f'"{node.value}"'
    return "a list" if isinstance(node, yaml.SequenceNode) else "a mapping"


def _choices(word: str, known: Mapping[str, object]) -> str:
    return suggestion(word, known) or f": there are {', '.join(known)}"


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _line(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
