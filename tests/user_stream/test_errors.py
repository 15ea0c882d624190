"""The tree of errors, and that each says what to do."""

from __future__ import annotations

import re

import pytest

from user_stream import errors
from user_stream.errors import (
    ApiKeyFormatError,
    ApiKeyRefusedError,
    ConnectionLostError,
    RateLimitedError,
    RequestRejectedError,
    SignatureRefusedError,
    UserStreamError,
)


def branches(kind: type[Exception]) -> dict[str, str]:
    """Return child to parent, below a class."""
    found: dict[str, str] = {}
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            found |= {child.__name__: kind.__name__} | branches(child)
    return found


def test_the_tree_is_the_one_in_the_docstring() -> None:
    tree = re.findall(r"^( *(?:│ +)?)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE)
    drawn, parent = {}, ""
    for indent, name in tree:
        nested = "│" in indent
        drawn[name] = parent if nested else "UserStreamError"
        parent = parent if nested else name

    assert drawn == branches(UserStreamError)


def test_every_error_is_exported() -> None:
    assert {"UserStreamError", *branches(UserStreamError)} == set(errors.__all__)


def test_a_setting_that_cannot_work_is_a_value_error_too() -> None:
    assert issubclass(errors.SettingsError, ValueError)


@pytest.mark.parametrize(
    ("error", "code"), [(ApiKeyFormatError(), -2014), (ApiKeyRefusedError(), -2015), (SignatureRefusedError(), -1022)]
)
def test_a_fatal_error_names_its_code_and_what_to_check(error: UserStreamError, code: int) -> None:
    assert f"({code})" in str(error)
    assert "Check that" in str(error)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ConnectionLostError("keepalive ping timeout"), "connection lost: keepalive ping timeout"),
        (ConnectionLostError("going away", code=1001), "connection lost (1001): going away"),
        (RateLimitedError(status=429, retry_after_s=9.6), "rate limited by the exchange (HTTP 429), again in 10 s"),
        (RateLimitedError(status=418, retry_after_s=120), "banned by the exchange (HTTP 418), again in 120 s"),
        (RequestRejectedError(status=400, code=-2019, reason="no margin"), "the exchange refused: no margin (-2019)"),
    ],
)
def test_an_error_says_what_happened_and_when_it_is_over(error: UserStreamError, text: str) -> None:
    assert str(error) == text
