"""The comparison finds what it has to find: in every sample, whatever is taken away, added or written otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.contract.conformance.case import sample
from tests.contract.conformance.kinds import differences
from tests.contract.conformance.registry import samples

SAMPLES = {name: sample(name) for name in samples()}


def objects(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object inside, outermost first."""
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from objects(item)


TABLE_KEYS = {"BTCUSDT", "COMMODITY"}
"""Keys that are data: an object with them is a table, and may have others."""


def variations(change: Callable[[dict[str, Any], str], bool]) -> Iterator[tuple[str, Any, Any]]:
    """Yield samples of every kind and what became of them by one change, for every key of every object in them."""
    for name, wanted in SAMPLES.items():
        if not name.startswith(("market/", "errors/", "rest/p", "rest/exchange", "events/a", "events/m")):
            continue
        sent = deepcopy(wanted)
        for place in objects(sent):
            if place.keys() & TABLE_KEYS:
                continue
            for key, value in list(place.items()):
                if change(place, key):
                    yield f"{name}: {key}", wanted, sent
                place[key] = value


def takes_away(place: dict[str, Any], key: str) -> bool:
    del place[key]
    return True


def makes_an_object(place: dict[str, Any], key: str) -> bool:
    place[key] = {"another": "type"}
    return True


def makes_a_number(place: dict[str, Any], key: str) -> bool:
    is_text = isinstance(place[key], str)
    place[key] = 1
    return is_text


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_like_itself(name: str) -> None:
    assert differences(SAMPLES[name], SAMPLES[name]) == []


@pytest.mark.parametrize("change", [takes_away, makes_an_object, makes_a_number], ids=lambda change: change.__name__)
def test_whatever_is_changed_anywhere_is_found(change: Callable[[dict[str, Any], str], bool]) -> None:
    tried = 0
    for where, wanted, sent in variations(change):
        assert differences(wanted, sent), where
        tried += 1

    assert tried > 350


def test_a_key_too_many_is_found() -> None:
    for name, wanted in SAMPLES.items():
        sent = deepcopy(wanted)
        place = next((place for place in objects(sent) if not place.keys() & TABLE_KEYS), None)
        if place is not None:
            place["surprise"] = "1"
            assert differences(wanted, sent), name


@pytest.mark.parametrize(
    ("wanted", "sent", "said"),
    [
        ({"time": 1_790_000_000_000}, {"time": 1_790_000_000}, "time: a number, not a time"),
        ({"updateTime": 1_790_000_000_000}, {"updateTime": 0}, None),
        ({"a": 5}, {"a": 1_790_000_000_000}, None),
        ({"a": 5}, {"a": 5.5}, "a: a broken number, not a number"),
        ({"a": 0.5}, {"a": 5}, None),
        ({"mt": "CROSSED"}, {"mt": "cross"}, "mt: a word in small letters, not a word in capitals"),
        ({"s": "BTCUSDT"}, {"s": "币安人生USDT"}, None),
        ({"price": "1.5"}, {"price": ""}, "price: an empty text, not a decimal in a text"),
        ({"clientOrderId": "abc"}, {"clientOrderId": "ABC-1"}, None),
        ({"msg": "Too many; 5000"}, {"msg": "Too many; 4444"}, None),
        ({"code": -2011}, {"code": -2013}, "code: -2013, not -2011"),
        ([{"a": 1}, {"b": 1}], [{"a": 1}], "[]: none has the keys b"),
        ([{"a": 1}, {"b": 1}], [{"a": 1, "b": 1}, {"a": 1}, {"b": 1}], "[].b: is not in the sample"),
        ([{"a": 1}], [], "[]: nothing to compare"),
        ([[1_790_000_000_000, "1.5", 3]], [[1_790_000_000_000, "1.5"]], "[]: 2 values, not 3"),
        ([["1.5", "2"]], [["1.5", 2]], "[][1]: a number, not a decimal in a text"),
    ],
)
def test_what_differs_is_said_by_its_path(wanted: Any, sent: Any, said: str | None) -> None:
    assert differences(wanted, sent) == ([said] if said else [])


@pytest.mark.parametrize(
    ("wanted", "sent", "trust", "alike"),
    [
        ("0", "0.00", "captured", False),
        ("0", "0.00", "documented", True),
        ("0", "17.5", "captured", True),
        ("1.50", "2.75", "captured", True),
        ("1.50", "2.7", "captured", False),
        ("1.50", "2.7", "documented", True),
        ("1.12345678", "2.10000000", "documented", True),
        ("1.12345678", "2.1", "documented", False),
        ("1.12345678", "0", "documented", True),
        ("1.12345678", "2.1", "composed", True),
    ],
)
def test_how_a_number_is_written_counts_as_far_as_the_sample_is_trusted(
    wanted: str, sent: str, trust: Any, alike: bool
) -> None:
    assert (differences({"a": wanted}, {"a": sent}, trust) == []) == alike
