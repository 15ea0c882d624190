"""Whatever the exchange did to numbers, they arrive with every digit."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from user_stream.core.leniency import convert_leniently


class Row(msgspec.Struct, frozen=True):
    """A row with one field of each kind."""

    amount: str = "0"
    number: int = 0
    flag: bool = False
    inner: tuple[Row, ...] = ()
    anything: Any = None


def test_what_has_the_documented_shape_is_taken_as_it_is() -> None:
    row = convert_leniently({"amount": "1.50", "number": 7, "flag": True, "inner": [{"amount": "2"}]}, Row)

    assert row == Row(amount="1.50", number=7, flag=True, inner=(Row(amount="2"),))


@pytest.mark.parametrize(
    ("sent", "text"),
    [
        (60000.5, "60000.5"),
        (7, "7"),
        (-3, "-3"),
        (0.1, "0.1"),
        (1e-8, "0.00000001"),
        (1e16, "10000000000000000"),
        (10**30, "1000000000000000000000000000000"),
    ],
)
def test_an_amount_sent_as_a_number_is_its_text_without_an_exponent(sent: float, text: str) -> None:
    assert convert_leniently({"amount": sent}, Row).amount == text


@pytest.mark.parametrize("sent", ["9007199254740993", 9007199254740993])
def test_an_id_keeps_every_digit_whether_sent_as_text_or_number(sent: str | int) -> None:
    assert convert_leniently({"number": sent, "amount": 1}, Row).number == 9007199254740993


def test_nulls_count_as_absent_at_any_depth() -> None:
    row = convert_leniently({"amount": None, "flag": None, "inner": [None, {"amount": 2, "number": None}]}, Row)

    assert row == Row(inner=(Row(amount="2"),))


@pytest.mark.parametrize("flag", [True, False])
def test_a_bool_is_no_number(flag: bool) -> None:
    assert convert_leniently({"anything": flag, "amount": 1}, Row).anything is flag


def test_a_whole_list_of_rows_is_read_too() -> None:
    assert convert_leniently([{"amount": 1}, {"amount": "2"}], list[Row]) == [Row(amount="1"), Row(amount="2")]


def test_what_was_given_is_not_changed() -> None:
    given = {"amount": 1.5, "anything": None, "inner": [{"number": "2"}]}

    convert_leniently(given, Row)

    assert given == {"amount": 1.5, "anything": None, "inner": [{"number": "2"}]}


@pytest.mark.parametrize("value", [5, "text", None, [1], {"number": "seven"}, {"inner": {"a": 1}}, {"amount": {}}])
def test_what_is_something_else_is_refused(value: Any) -> None:
    with pytest.raises(msgspec.ValidationError):
        convert_leniently(value, Row)
