"""Where in a scenario something is wrong, and the error that says so: file, line, field, what to do.

A place is a path of fields, `steps[2].do.fill.quantity`. A scenario that was read from text knows the line of every
path; one that was written in Python says its name instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from simulator.errors import SimulatorError

__all__ = ["Origin", "Problem", "ScenarioError"]

_LAST_PART = re.compile(r"(\.[^.\[\]]+|\[\d+\])$|^[^.\[\]]+$")


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong, and the path of the field where it is ("" for the whole)."""

    path: str
    message: str


@dataclass(frozen=True)
class Origin:
    """What a scenario was read from: a file's name, and the line (from 1) of each path."""

    source: str = ""
    lines: Mapping[str, int] = field(default_factory=dict, repr=False)

    def locate(self, path: str) -> str:
        """Return `file:line: path`, with the line of the nearest enclosing field that was written down."""
        line = self._line(path)
        where = f"{self.source}:{line}" if self.source and line else self.source
        return ": ".join(part for part in (where, path) if part)

    def _line(self, path: str) -> int:
        while path not in self.lines and path:
            path = _LAST_PART.sub("", path)
        return self.lines.get(path, 0)

    def order(self, path: str) -> int:
        """Return a sorting key that puts paths as a reader of the text meets them."""
        return self._line(path)


class ScenarioError(SimulatorError):
    """A scenario cannot be played as it is written. The message has one line per problem; mend them all."""

    def __init__(self, problems: Iterable[Problem], origin: Origin) -> None:
        self.problems = tuple(sorted(problems, key=lambda problem: origin.order(problem.path)))
        self.origin = origin
        lines = (": ".join(part for part in (origin.locate(p.path), p.message) if part) for p in self.problems)
        super().__init__("\n".join(lines))
