"""The type hints of the vocabulary say what a field may hold."""

from __future__ import annotations

import pytest

from simulator.core.scenario.action import Place, Push, Respond
from simulator.core.scenario.notation import Notation
from simulator.core.scenario.record import FieldType, field_types, suggestion, value_complaint
from simulator.core.scenario.scenario import Step
from simulator.core.scenario.trigger import Event


@pytest.mark.parametrize(
    ("record", "name", "expected"),
    [
        (Place, "symbol", FieldType("text", required=True, notation=Notation.SYMBOL)),
        (Place, "side", FieldType("text", required=True, choices=("BUY", "SELL"))),
        (Place, "price", FieldType("text", required=False, notation=Notation.DECIMAL)),
        (Place, "client_order_id", FieldType("text", required=False)),
        (Event, "nth", FieldType("integer", required=False)),
        (
            Event,
            "execution_type",
            FieldType(
                "text", required=False, choices=("NEW", "TRADE", "CANCELED", "EXPIRED", "AMENDMENT", "CALCULATED")
            ),
        ),
        (Respond, "headers", FieldType("texts", required=False)),
        (Respond, "body", FieldType("data", required=False)),
        (Push, "frame", FieldType("data", required=True)),
        (Step, "do", FieldType("nested", required=True)),
        (Step, "on", FieldType("nested", required=False)),
        (Step, "after", FieldType("nested", required=False)),
    ],
)
def test_a_field_holds_what_its_hint_says(record: type, name: str, expected: FieldType) -> None:
    assert field_types(record)[name] == expected


@pytest.mark.parametrize(
    ("wanted", "value", "complaint"),
    [
        (FieldType("text", required=True), "x", ""),
        (FieldType("text", required=True), 5, "expected a text, got 5"),
        (FieldType("text", required=True, notation=Notation.DURATION), 5, "expected a duration, got 5"),
        (FieldType("text", required=True, notation=Notation.DECIMAL), 0.5, "expected a decimal string, got 0.5"),
        (
            FieldType("text", required=True, choices=("BUY", "SELL")),
            "SELLL",
            'expected one of BUY, SELL, got "SELLL": did you mean SELL?',
        ),
        (FieldType("integer", required=True), 5, ""),
        (FieldType("integer", required=True), "5", 'expected a whole number, got "5"'),
        (FieldType("integer", required=True), True, "expected a whole number, got True"),
        (FieldType("texts", required=True), {"a": "b"}, ""),
        (FieldType("texts", required=True), {"a": 1}, "expected a mapping of names to texts, got {'a': 1}"),
        (FieldType("data", required=True), object, ""),
    ],
)
def test_a_value_is_compared_with_what_the_field_may_hold(wanted: FieldType, value: object, complaint: str) -> None:
    assert value_complaint(wanted, value) == complaint


def test_only_a_near_word_is_suggested() -> None:
    assert suggestion("btcusd", ["BTCUSDT", "ETHUSDT"]) == ": did you mean BTCUSDT?"
    assert suggestion("zzz", ["BTCUSDT", "ETHUSDT"]) == ""
