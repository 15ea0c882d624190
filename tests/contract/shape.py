"""The shape of JSON data: keys and types, all the way down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).parents[2] / "fixtures"


def fixture(name: str) -> Any:
    """Return the content of a fixture, named by its path below `fixtures/`."""
    return json.loads((FIXTURES / name).read_text(encoding="utf-8"))


def shape(value: Any) -> Any:
    """Return the data with every value replaced by its type's name; of a list, the shape of its first item."""
    match value:
        case dict():
            return {key: shape(item) for key, item in sorted(value.items())}
        case list():
            return [shape(item) for item in value[:1]]
        case _:
            return type(value).__name__


def without(value: Any, *keys: str) -> Any:
    """Return the data without these keys, wherever they are."""
    match value:
        case dict():
            return {key: without(item, *keys) for key, item in value.items() if key not in keys}
        case list():
            return [without(item, *keys) for item in value]
        case _:
            return value
