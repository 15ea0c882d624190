"""Finds the engine that is to be tried: `module:attribute`, importable from the current directory too."""

from __future__ import annotations

import functools
import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from simulator.chaos.engine import EngineFactory
from simulator.errors import SimulatorError

__all__ = ["NoEngineError", "engine_factory"]


class NoEngineError(SimulatorError):
    """There is no such engine. The message says what is missing, and how an engine is named."""


def engine_factory(name: str) -> EngineFactory:
    """Return the factory of `module:attribute`. Raises `NoEngineError`; what the module itself raises, it raises."""
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        message = f"--engine {name}: expected module:factory, such as my_package.my_module:MyEngine"
        raise NoEngineError(message)
    factory = _attribute(name, _module(name, module_name), attribute)
    if not callable(factory):
        message = f"--engine {name}: {attribute} is {type(factory).__name__}, and cannot be called to make an engine"
        raise NoEngineError(message)
    return factory  # type: ignore[no-any-return]  # what it makes is seen when it is called


def _module(name: str, module_name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if not f"{module_name}.".startswith(f"{error.name}."):
            raise
        message = (
            f"--engine {name}: there is no module {error.name} (looked in {here} and where packages are installed)"
        )
        raise NoEngineError(message) from error


def _attribute(name: str, module: ModuleType, attribute: str) -> Any:
    try:
        return functools.reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        message = f"--engine {name}: {module.__name__} has no {attribute}"
        raise NoEngineError(message) from error
