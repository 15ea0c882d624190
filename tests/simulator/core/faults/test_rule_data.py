"""A rule is the same from a file, from HTTP and from Python, and every mistake in its data is found, with its field."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.core.faults.rule import Rule
from simulator.core.faults.rule_data import data_of, read_fields, read_rule, rule_of
from simulator.core.faults.verdict import Corrupt, Delay, Drop, ExecuteThen, Reorder, Respond, Stall
from simulator.errors import BadFaultError

SPELT = [
    (Rule(on="response", verdict=Drop()), {"on": "response", "verdict": "drop"}),
    (
        Rule(on="frame", verdict=Delay(90.0), event="A", times=1, probability=0.5, where={"o.i": "5"}),
        {
            "on": "frame",
            "event": "A",
            "times": "1",
            "probability": "0.5",
            "where": {"o.i": 5},
            "verdict": {"delay": {"seconds": "90s"}},
        },
    ),
    (
        Rule(on="request", verdict=ExecuteThen(Respond(503, body={"a": [1]}, headers={"after": "3"})), order="12"),
        {
            "on": "request",
            "order": 12,
            "verdict": {
                "execute_then": {"verdict": {"respond": {"status": 503, "body": {"a": [1]}, "headers": {"after": 3}}}}
            },
        },
    ),
    (
        Rule(on="frame", verdict=Corrupt(remove=("o.N",), replace={"o.n": None}), for_s=120.0),
        {"on": "frame", "for_s": "2m", "verdict": {"corrupt": {"remove": ["o.N"], "replace": {"o.n": None}}}},
    ),
    (Rule(on="frame", verdict=Stall(None)), {"on": "frame", "times": None, "verdict": {"stall": {"seconds": None}}}),
    (Rule(on="frame", verdict=Reorder(of="its_type")), {"on": "frame", "verdict": {"reorder": {"of": "its_type"}}}),
]


@pytest.mark.parametrize(("rule", "data"), SPELT)
def test_data_is_read_leniently_and_written_so_that_it_reads_as_the_same(rule: Rule, data: dict[str, Any]) -> None:
    assert rule_of(data) == rule
    assert rule_of(data_of(rule)) == rule


@pytest.mark.parametrize(
    ("data", "mistakes"),
    [
        ([1], ["expected a mapping of fields, got [1]"]),
        (
            {"on": "frme", "verdit": {}, "nth": "x"},
            [
                "verdit: unknown field: did you mean verdict?",
                'on: expected one of request, response, frame, handshake, ping, connection, got "frme": '
                "did you mean frame?",
                'nth: expected a whole number, got "x"',
                '"verdict" is missing',
            ],
        ),
        ({"on": "frame", "verdict": {"dely": {}}}, ["verdict: there is no verdict dely: did you mean delay?"]),
        ({"on": "frame", "verdict": 5}, ["verdict: expected one verdict with its fields, got 5"]),
        (
            {"on": "frame", "verdict": {"delay": {"secnds": 4}}},
            ["verdict.delay.secnds: unknown field: did you mean seconds?", 'verdict.delay: "seconds" is missing'],
        ),
        (
            {"on": "frame", "verdict": {"delay": {"seconds": "soon"}}},
            ['verdict.delay.seconds: expected a number, or a duration such as "90s", got "soon"'],
        ),
        (
            {"on": "frame", "verdict": {"reorder": {"of": "its"}}},
            ['verdict.reorder.of: expected one of its_type, other_types, got "its"'],
        ),
        ({"on": "frame", "event": True, "verdict": "drop"}, ["event: expected a text, got True"]),
        ({"on": "frame", "where": [1], "verdict": "drop"}, ["where: expected a mapping of names to texts, got [1]"]),
        (
            {"on": "frame", "verdict": {"corrupt": {"remove": "o.N", "replace": 1}}},
            [
                'verdict.corrupt.remove: expected a list of texts, got "o.N"',
                "verdict.corrupt.replace: expected a mapping, got 1",
            ],
        ),
        (
            {"on": "request", "verdict": {"execute_then": {"verdict": "hold"}}},
            ["verdict.execute_then.verdict: there is no verdict hold: there are respond, "],
        ),
        ({"on": "ping", "path": "/x", "verdict": "drop"}, ["path: a ping has none: there are "]),
    ],
)
def test_every_mistake_is_found_with_its_field(data: object, mistakes: list[str]) -> None:
    with pytest.raises(BadFaultError) as caught:
        rule_of(data)

    assert len(caught.value.mistakes) == len(mistakes)
    for got, wanted in zip(caught.value.mistakes, mistakes, strict=True):
        assert got.startswith(wanted)


def test_a_mistake_names_the_place_where_the_rule_stands() -> None:
    rule, problems = read_rule({"on": "frame", "verdict": {"delay": {"seconds": -1}}}, "steps[0].do.fault")

    assert rule is None
    assert [problem.path for problem in problems] == ["steps[0].do.fault.verdict.seconds"]


def test_single_fields_are_read_like_those_of_a_whole_rule() -> None:
    assert read_fields(Rule, {"times": "3", "after_s": "1m"}) == ({"times": 3, "after_s": 60.0}, [])
    assert read_fields(Rule, {"tims": 3})[1][0].message == "unknown field: did you mean times?"


@pytest.mark.parametrize("probability", ["1e-05", 1e-05, "1E-5"])
def test_a_small_number_is_read_as_json_libraries_write_it(probability: object) -> None:
    rule = rule_of({"on": "frame", "verdict": "drop", "probability": probability})
    assert rule.probability == 1e-05


@pytest.mark.parametrize("seconds", ["1e400", float("inf"), float("nan"), "-1e10"])
def test_a_clock_is_wrong_by_a_number_of_seconds_that_there_is(seconds: object) -> None:
    with pytest.raises(BadFaultError, match=r"^verdict\.seconds: expected seconds, from -10\^9 to 10\^9"):
        rule_of({"on": "request", "verdict": {"skew": {"seconds": seconds}}})
