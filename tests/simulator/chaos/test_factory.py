"""An engine is found by its name, or it is said what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.chaos.factory import NoEngineError, engine_factory
from tests.simulator.chaos import fake_world

HERE = fake_world.__name__


def test_an_engine_is_found_by_module_and_attribute() -> None:
    assert engine_factory(f"{HERE}:an_engine") is fake_world.an_engine


def test_an_engine_in_the_current_directory_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_engine_of_the_test.py").write_text("class Engines:\n    class Mine:\n        pass\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.path", ["/nowhere"])

    assert engine_factory("my_engine_of_the_test:Engines.Mine").__name__ == "Mine"


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


def test_a_module_that_lacks_a_module_itself_is_not_called_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "engine_that_needs_more.py").write_text("import something_that_is_not_installed\n")
    monkeypatch.chdir(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="something_that_is_not_installed"):
        engine_factory("engine_that_needs_more:Engine")
