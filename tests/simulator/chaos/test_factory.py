"""An engine is found by its name, or it is said what is missing."""

from __future__ import annotations

import functools
import re
from pathlib import Path
from typing import Any, cast

import pytest

from benchmarks.naive import NaiveEngine
from simulator.chaos.engine import Engine
from simulator.chaos.factory import NoEngineError, complete_engine, engine_factory
from tests.simulator.chaos import fake_world

HERE = fake_world.__name__


def test_an_engine_is_found_by_module_and_attribute() -> None:
    assert engine_factory(f"{HERE}:an_engine") is fake_world.an_engine


def test_an_engine_in_the_current_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = "class Engines:\n    from benchmarks.naive import NaiveEngine as Mine\n"
    (tmp_path / "my_engine_of_the_test.py").write_text(mine)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])

    assert engine_factory("my_engine_of_the_test:Engines.Mine") is NaiveEngine


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("no_colon", "expected module:factory"),
        (":Engine", "expected module:factory"),
        ("module:", "expected module:factory"),
        ("no_such_package.engine:Engine", "there is no module no_such_package "),
        (f"{HERE}.deeper:Engine", f"there is no module {HERE}.deeper "),
        (f"{HERE}:Engine", "fake_world has no Engine"),
        (f"{HERE}:FAILS", "FAILS is int, and cannot be called"),
    ],
)
def test_what_is_missing_is_said(name: str, message: str) -> None:
    with pytest.raises(NoEngineError, match=message):
        engine_factory(name)


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("import something_that_is_not_installed\n", "ModuleNotFoundError: No module named 'something_that_is_not"),
        ("def broken():\n    raise ValueError('no config file')\nbroken()\n", "in broken\n.*\nValueError: no config"),
        ("import sys\nsys.exit('not today')\n", "SystemExit: not today"),
        ("def broken(:\n", "SyntaxError: invalid syntax"),
    ],
)
def test_what_a_module_raises_is_told_from_its_own_file_on(
    program: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "engine_that_breaks.py"
    file.write_text(program)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])
    began = rf"importing engine_that_breaks raised \w+\n(Traceback.*\n)?  File \"{file}\""

    with pytest.raises(NoEngineError, match=rf"(?s){began}.*{told}"):
        engine_factory("engine_that_breaks:Engine")


class Whole:
    def __init__(self, _: object) -> None: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    async def place(self, order: object) -> None: ...
    async def cancel(self, symbol: str, client_order_id: str) -> None: ...
    def orders(self) -> list[Any]:
        return []

    def fills(self) -> list[Any]:
        return []

    def positions(self) -> list[Any]:
        return []


class WithoutFills(Whole):
    fills = None  # type: ignore[assignment]  # as if it were not there


class Blocking(Whole):
    def place(self, order: object) -> None:  # type: ignore[override]  # the mistake
        self.placed = order


class Nothing(Engine):
    """What the protocol itself has is nothing that anybody wrote."""


class Borrowing:
    """Its methods are those of what it holds."""

    def __init__(self, exchange: object) -> None:
        inner = Whole(exchange)
        self.start, self.stop, self.place, self.cancel = inner.start, inner.stop, inner.place, inner.cancel
        self.orders, self.fills, self.positions = inner.orders, inner.fills, inner.positions


class Forwarding:
    def __init__(self, exchange: object) -> None:
        self._inner = Whole(exchange)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Awaitable(Whole):
    """Plain functions may return what can be awaited; what a wrapped one returns, nobody knows."""

    def start(self) -> Any:
        return super().start()

    place = functools.partialmethod(Whole.place)

    @functools.wraps(Whole.stop)
    def stop(self) -> None:  # type: ignore[override]  # a decorator's
        self.stopped = True

    def cancel(self, symbol: str, client_order_id: str) -> Any:
        raise NotImplementedError


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (WithoutFills, "WithoutFills lacks: fills (simulator/chaos/engine.py says what it needs)"),
        (Blocking, "Blocking has to have as `async def`: place (simulator"),
        (Nothing, "Nothing lacks: start, stop, place, cancel, orders, fills, positions ("),
    ],
)
def test_an_adapter_that_lacks_something_is_refused_when_it_is_named_or_made(kind: Any, message: str) -> None:
    with pytest.raises(NoEngineError, match=re.escape(f"the engine of {__name__}:{message}")):
        engine_factory(f"{__name__}:{kind.__name__}")
    with pytest.raises(NoEngineError, match=re.escape(message)):
        complete_engine(object.__new__(kind))


@pytest.mark.parametrize("kind", [Whole, Borrowing, Forwarding, Awaitable])
def test_an_adapter_that_has_everything_in_whatever_way_is_taken(kind: Any) -> None:
    made = engine_factory(f"{__name__}:{kind.__name__}")(cast("Any", None))

    assert complete_engine(made) is made


def test_an_engine_that_lacks_something_though_its_class_spoke_of_it_is_refused_when_it_is_made() -> None:
    with pytest.raises(NoEngineError, match=":Forgetful lacks: fills"):
        complete_engine(cast("Any", engine_factory(f"{__name__}:Forgetful"))())


class Forgetful(Borrowing):
    def __init__(self) -> None:
        super().__init__(None)
        del self.fills
