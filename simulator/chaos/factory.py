"""Finds the engine that is to be tried: `module:attribute`, importable from the current directory too.

It says what an adapter lacks as early as that is certain: of a class when it is named, of anything else when it has
made the first life.
"""

from __future__ import annotations

import dis
import functools
import importlib
import inspect
import itertools
import sys
import traceback
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any, Final

from simulator.chaos.engine import Engine, EngineFactory
from simulator.errors import SimulatorError

__all__ = ["NoEngineError", "complete_engine", "engine_factory"]

_AWAITED: Final = ("start", "stop", "place", "cancel")
_NEEDED: Final = (*_AWAITED, "orders", "fills", "positions")
_SETS_ANYTHING: Final = frozenset({"setattr", "__dict__", "vars", "__setattr__"})
_NONE: Final = frozenset({("LOAD_CONST", None), ("RETURN_CONST", None)})
_MACHINERY: Final = (__file__, importlib.__file__, "<frozen importlib")


class NoEngineError(SimulatorError):
    """There is no such engine, or it lacks something. The message says what, and how an engine is named."""


def engine_factory(name: str) -> EngineFactory:
    """Return the factory of `module:attribute`. Raises `NoEngineError`, also for whatever its module raises."""
    module_name, colon, attribute = name.partition(":")
    if not (module_name and colon and attribute):
        message = f"--engine {name}: expected module:factory, such as my_package.my_module:MyEngine"
        raise NoEngineError(message)
    factory = _attribute(name, _module(name, module_name), attribute)
    if not callable(factory):
        message = f"--engine {name}: {attribute} is {type(factory).__name__}, and cannot be called to make an engine"
        raise NoEngineError(message)
    if isinstance(factory, type):
        _refuse_incomplete(factory, name, _given_later(factory))
    return factory  # type: ignore[no-any-return]  # what it makes is seen when it is called


def complete_engine(engine: Engine) -> Engine:
    """Return an engine that was made. Raises `NoEngineError` if it lacks a method."""
    kind = type(engine)
    _refuse_incomplete(engine, f"{kind.__module__}:{kind.__qualname__}", frozenset())
    return engine


def _refuse_incomplete(engine: object, name: str, given_later: frozenset[str]) -> None:
    found = {needed: getattr(engine, needed, None) for needed in _NEEDED if needed not in given_later}
    lacking = [needed for needed, method in found.items() if not callable(method) or _is_of_the_protocol(method)]
    not_async = [awaited for awaited in _AWAITED if _returns_nothing_to_await(found.get(awaited))]
    wrong = [f"lacks: {', '.join(lacking)}"] * bool(lacking)
    wrong += [f"has to have as `async def`: {', '.join(not_async)}"] * bool(not_async)
    if wrong:
        message = f"the engine of {name} {'; it '.join(wrong)} (simulator/chaos/engine.py says what it needs)"
        raise NoEngineError(message)


def _given_later(kind: type) -> frozenset[str]:
    """Return what its objects may have though the class has it not: the names that its own code speaks of."""
    members = [member for base in kind.__mro__ for member in vars(base).values() if isinstance(member, FunctionType)]
    written = [member.__code__.co_names for member in members if member.__module__ not in {"typing", Engine.__module__}]
    spoken_of = frozenset().union(*written)
    makes_others = type(kind).__call__ != type.__call__ or any("__new__" in vars(base) for base in kind.__mro__[:-1])
    if makes_others or hasattr(kind, "__getattr__") or spoken_of & _SETS_ANYTHING:
        return frozenset(_NEEDED)
    return frozenset(name for name in _NEEDED if name in spoken_of and not hasattr(kind, name))


def _function(method: object) -> FunctionType | None:
    """Return the function that a method is as it was written: nobody knows what a decorated one does."""
    function = getattr(method, "__func__", method)
    return function if isinstance(function, FunctionType) and not hasattr(function, "__wrapped__") else None


def _is_of_the_protocol(method: object) -> bool:
    """Say whether a method is what `class MyEngine(Engine)` has without writing one."""
    function = _function(method)
    return function is not None and function in vars(Engine).values()


def _returns_nothing_to_await(method: object) -> bool:
    """Say whether a method is a plain `def` that returns None, whatever happens.

    One that returns something may return what can be awaited: the call of another method, a task.
    """
    function = _function(method)
    if function is None or inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        return False
    ends = [pair for pair in itertools.pairwise(dis.get_instructions(function)) if pair[1].opname.startswith("RETURN_")]
    return bool(ends) and all(
        not _NONE.isdisjoint(((made.opname, made.argval), (end.opname, end.argval))) for made, end in ends
    )


def _module(name: str, module_name: str) -> ModuleType:
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        return importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{module_name}.".startswith(f"{error.name}."):
            message = (
                f"--engine {name}: there is no module {error.name} (looked in {here} and where packages are installed)"
            )
        else:
            message = f"--engine {name}: importing {module_name} raised {type(error).__name__}\n{_told(error)}"
        raise NoEngineError(message) from error


def _told(error: BaseException) -> str:
    """Return a traceback that begins in the file that was imported."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename.startswith(_MACHINERY):
        trace = trace.tb_next
    return "".join(traceback.format_exception(type(error), error, trace)).rstrip()


def _attribute(name: str, module: ModuleType, attribute: str) -> Any:
    try:
        return functools.reduce(getattr, attribute.split("."), module)
    except AttributeError as error:
        message = f"--engine {name}: {module.__name__} has no {attribute}"
        raise NoEngineError(message) from error
