"""Amounts, durations and patterns mean what their author wrote."""

from __future__ import annotations

import pytest

from simulator.core.scenario.notation import Notation, complaint, matches, milliseconds, snake_case, split_request


@pytest.mark.parametrize(
    ("text", "ms"), [("250ms", 250), ("5s", 5_000), ("1.5s", 1_500), ("90m", 5_400_000), ("1h", 3_600_000)]
)
def test_a_duration_carries_its_unit(text: str, ms: int) -> None:
    assert milliseconds(text) == ms


@pytest.mark.parametrize("text", ["5", "5 s", "-5s", "5d", "", "s", "٥s"])
def test_a_duration_without_a_known_unit_is_refused(text: str) -> None:
    assert complaint(Notation.DURATION, text).endswith(f'got "{text}"')
    with pytest.raises(ValueError, match="not a duration"):
        milliseconds(text)


@pytest.mark.parametrize("text", ["0.010", "-3", "65000", "0"])
def test_a_plain_number_is_a_decimal(text: str) -> None:
    assert complaint(Notation.DECIMAL, text) == ""


@pytest.mark.parametrize("text", ["abc", "1e3", "NaN", "Infinity", "1,5", ".5", "", "0x10"])
def test_anything_but_a_plain_number_is_no_decimal(text: str) -> None:
    assert complaint(Notation.DECIMAL, text) == f'expected a decimal string, got "{text}"'


@pytest.mark.parametrize("text", ["/fapi/v1/order", "POST", "post /fapi/v1/order", "FETCH /x", "POST fapi"])
def test_a_request_is_a_method_and_a_path(text: str) -> None:
    assert complaint(Notation.REQUEST, text).startswith("expected a method and a path")


def test_a_request_is_split_into_method_and_path() -> None:
    assert split_request("POST /fapi/v1/order") == ("POST", "/fapi/v1/order")


@pytest.mark.parametrize(
    ("wanted", "actual"),
    [
        ("BTCUSDT", "BTCUSDT"),
        ("eng-*", "eng-17"),
        ("*", ""),
        ("/fapi/*/order", "/fapi/v1/order"),
        ("0.1", "0.100"),
        ("a.*", "a.b"),
    ],
)
def test_a_text_matches_itself_its_number_and_its_pattern(wanted: str, actual: str) -> None:
    assert matches(wanted, actual)


@pytest.mark.parametrize(
    ("wanted", "actual"), [("BTC", "BTCUSDT"), ("eng-*", "web-1"), ("0.1", "0.11"), ("a.*", "axb"), ("1", "x")]
)
def test_a_text_matches_nothing_else(wanted: str, actual: str) -> None:
    assert not matches(wanted, actual)


def test_a_class_is_called_in_snake_case_in_a_file() -> None:
    assert snake_case("ExecuteThenReset") == "execute_then_reset"
