"""The engine's import path, in every layout that an engine may have; each in an interpreter of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ENGINES_PATH = "from trading_engine_python.feeds.user_stream import UserStreamService; print('OK')"
OUR_PATH = "from user_stream import UserStreamService; print('OK')"
RE_EXPORT = "from user_stream import BinanceWebsocket, UserStreamService"
README = Path(__file__).parent.parent / "README.md"


def python(code: str, *, engine: Path) -> subprocess.CompletedProcess[str]:
    """Run code as an engine does whose own packages come first on the path."""
    return subprocess.run(  # noqa: S603  our own interpreter
        [sys.executable, "-W", "error", "-c", code],
        cwd=engine,
        env=os.environ | {"PYTHONPATH": str(engine)},
        capture_output=True,
        text=True,
        check=False,
    )


def write(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def assert_ok(run: subprocess.CompletedProcess[str]) -> None:
    assert (run.returncode, run.stdout, run.stderr) == (0, "OK\n", "")


def test_the_engines_import_path_works_without_an_engine(tmp_path: Path) -> None:
    assert_ok(python(ENGINES_PATH, engine=tmp_path))


def test_it_is_the_same_class_under_both_names(tmp_path: Path) -> None:
    code = (
        "import user_stream, trading_engine_python.feeds.user_stream as feed\n"
        "assert feed.UserStreamService is user_stream.UserStreamService\n"
        "assert feed.BinanceWebsocket is user_stream.BinanceWebsocket\n"
        "print('OK')"
    )

    assert_ok(python(code, engine=tmp_path))


def test_an_engine_that_is_a_namespace_package_elsewhere_keeps_its_own_modules_and_gets_ours(tmp_path: Path) -> None:
    write(tmp_path, "trading_engine_python/strategies/grid.py")

    assert_ok(python(f"import trading_engine_python.strategies.grid; {ENGINES_PATH}", engine=tmp_path))


@pytest.mark.parametrize("package", ["trading_engine_python/__init__.py", "trading_engine_python/feeds/__init__.py"])
class TestAnEngineWithARegularPackage:
    """Python looks no further than the first regular package of a name."""

    def test_hides_our_path(self, tmp_path: Path, package: str) -> None:
        write(tmp_path, package)

        run = python(ENGINES_PATH, engine=tmp_path)

        assert run.returncode != 0
        assert "ModuleNotFoundError: No module named 'trading_engine_python.feeds" in run.stderr

    def test_imports_the_library_by_its_own_name(self, tmp_path: Path, package: str) -> None:
        write(tmp_path, package)

        assert_ok(python(OUR_PATH, engine=tmp_path))

    def test_keeps_the_path_with_a_file_of_one_line(self, tmp_path: Path, package: str) -> None:
        write(tmp_path, package, "trading_engine_python/feeds/__init__.py")
        (tmp_path / "trading_engine_python/feeds/user_stream.py").write_text(f"{RE_EXPORT}\n")

        assert_ok(python(ENGINES_PATH, engine=tmp_path))


def test_the_readme_gives_that_line() -> None:
    assert f"\n{RE_EXPORT}" in README.read_text()
