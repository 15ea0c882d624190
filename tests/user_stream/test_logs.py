"""Logs as JSON, and without secrets."""

from __future__ import annotations

import ast
import io
import json
import logging
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import user_stream
from user_stream.logs import HideSecrets, JsonFormatter, hide_secrets

KEY = "Aa1" * 21 + "Z"
PEM = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----"


@pytest.fixture
def written() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def log(written: io.StringIO) -> Iterator[logging.Logger]:
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(HideSecrets())
    logger = logging.getLogger("user_stream.test_logs")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger
    logger.removeHandler(handler)
    logger.propagate = True


def lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


def test_record_is_one_line_with_its_fields(log: logging.Logger, written: io.StringIO) -> None:
    log.warning("the stream is down\n(%s)", "cut", extra={"event": "gap_opened", "epoch": 3, "price": Decimal("0.10")})

    (line,) = lines(written)
    time = line.pop("time")
    assert line == {
        "level": "WARNING",
        "logger": "user_stream.test_logs",
        "message": "the stream is down\n(cut)",
        "event": "gap_opened",
        "epoch": 3,
        "price": "0.10",
    }
    assert time.endswith("+00:00")


def test_field_cannot_pass_itself_off_as_what_every_line_has(log: logging.Logger, written: io.StringIO) -> None:
    log.warning("said", extra={"level": "harmless", "logger": "somebody else"})

    assert (lines(written)[0]["level"], lines(written)[0]["logger"]) == ("WARNING", "user_stream.test_logs")


def fail_with(text: str) -> None:
    raise ValueError(text)


def test_traceback_is_a_field_of_its_own(log: logging.Logger, written: io.StringIO) -> None:
    try:
        fail_with("the engine's own")
    except ValueError:
        log.exception("callback failed")

    assert lines(written)[0]["exception"].endswith("ValueError: the engine's own")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"GET /private/ws?listenKey={KEY}&events=A", "GET /private/ws?listenKey=<hidden>&events=A"),
        (f"/ws/{KEY}", "/ws/<hidden>"),
        ("?symbol=A&signature=abc%2B%3D&x=1", "?symbol=A&signature=<hidden>&x=1"),
        (f"before {PEM} after", "before <hidden> after"),
        (PEM[:40], "<hidden>"),
        ("order x-abcdefghijklmnopqrstuvwxyz0123456789 of BTCUSDT", None),
        ("a" * 63, None),
    ],
)
def test_what_looks_like_a_secret_is_hidden_and_nothing_else(text: str, shown: str | None) -> None:
    assert hide_secrets(text) == (text if shown is None else shown)


def test_no_part_of_a_record_shows_a_secret(log: logging.Logger, written: io.StringIO) -> None:
    try:
        fail_with(f"https://x/?signature={KEY}")
    except ValueError:
        log.exception("asked %s", KEY, extra={"url": f"/ws/{KEY}", "parts": ["a", KEY], "attempt": 1})

    assert KEY not in written.getvalue()
    assert lines(written)[0]["attempt"] == 1


def test_text_that_is_no_unicode_can_be_written(log: logging.Logger, written: io.StringIO) -> None:
    (handler,) = (handler for handler in log.handlers if isinstance(handler.formatter, JsonFormatter))
    handler.handle(logging.makeLogRecord({"msg": "\ud800 %s", "args": ("\x00",)}))  # pytest could not keep it

    assert lines(written)[0]["message"] == "\ud800 \x00"


class Unshowable:
    def __str__(self) -> str:
        raise RuntimeError(KEY)

    __repr__ = __str__


@pytest.mark.parametrize(
    ("text", "arguments", "shown"),
    [
        ("%d of %d", ("x",), "%d of %d ('x',) (cannot be formatted: %d format: a real number is required, not str)"),
        ("said %s and %s", (KEY,), "said %s and %s ('<hidden>',) (cannot be formatted: "),
        (
            "said %s",
            (Unshowable(),),
            "said %s <tuple that cannot be shown: RuntimeError> (cannot be formatted: <hidden>)",
        ),
        (Unshowable(), (), "<Unshowable that cannot be shown: RuntimeError> () (cannot be formatted: <hidden>)"),
    ],
)
def test_record_that_cannot_be_formatted_is_shown_in_parts_and_fails_nobody(
    log: logging.Logger, written: io.StringIO, text: Any, arguments: tuple[object, ...], shown: str
) -> None:
    log.error(text, *arguments, extra={"thing": Unshowable()})

    (line,) = lines(written)
    assert line["message"].startswith(shown)
    assert line["thing"] == "<Unshowable that cannot be shown: RuntimeError>"
    assert KEY not in written.getvalue()


# --- what the library writes --------------------------------------------------------------------------------------

PACKAGE = Path(user_stream.__file__).parent


def log_calls(path: Path) -> list[ast.Call]:
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    return [call for call in calls if ast.unparse(call.func).startswith("_log.")]


LOGGING = sorted(str(path.relative_to(PACKAGE).with_suffix("")) for path in PACKAGE.rglob("*.py") if log_calls(path))


@pytest.mark.parametrize("module", LOGGING)
def test_every_record_of_the_module_has_fields(module: str) -> None:
    calls = log_calls(PACKAGE / f"{module}.py")

    assert calls
    assert [call.lineno for call in calls if "extra" not in {keyword.arg for keyword in call.keywords}] == []
