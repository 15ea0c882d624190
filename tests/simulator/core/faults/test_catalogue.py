"""The catalogue names every failure mode, each of its rules can be, and its fields may be given otherwise."""

from __future__ import annotations

import pytest

from simulator.core.faults.catalogue import CATALOGUE, ROWS, find_fault, table
from simulator.core.faults.named_fault import NamedFault
from simulator.core.faults.rule import Rule
from simulator.core.faults.rule_check import mistakes
from simulator.core.faults.rule_data import data_of, rule_of
from simulator.core.faults.verdict import SIGHTS, TAKES, VERDICTS
from simulator.core.scenario.fault_action import Fault, fault_of
from simulator.core.scenario.fault_reading import meaning_of
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_rules import check
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.core.scenario.writing import scenario_text
from simulator.errors import BadFaultError

EVERY_RULE = [pytest.param(rule, id=fault.name) for fault in CATALOGUE.values() for rule in fault.rules_with({})]


def test_each_of_the_25_failure_modes_has_a_named_fault() -> None:
    assert {row for fault in CATALOGUE.values() for row in fault.rows} == set(ROWS)


@pytest.mark.parametrize("fault", CATALOGUE.values(), ids=lambda fault: fault.name)
def test_a_named_fault_is_said_in_a_line_and_does_something(fault: NamedFault) -> None:
    assert fault.rules or fault.deeds
    assert "\n" not in fault.does
    assert len(fault.does) <= 100
    assert fault.rows == tuple(sorted(set(fault.rows)))


@pytest.mark.parametrize("rule", EVERY_RULE)
def test_every_rule_of_the_catalogue_can_be_and_is_the_same_as_data_and_in_a_scenario(rule: Rule) -> None:
    assert mistakes(rule) == []
    assert rule_of(data_of(rule)) == rule

    scenario = Scenario(name="x", steps=[Step(at="0s", do=fault_of(rule))])
    read = parse_scenario(scenario_text(scenario), "x", "x").steps[0].do
    assert isinstance(read, Fault)
    assert meaning_of(read).rules == (rule,)


@pytest.mark.parametrize("fault", [fault for fault in CATALOGUE.values() if fault.deeds], ids=lambda fault: fault.name)
def test_every_deed_of_the_catalogue_can_stand_in_a_scenario(fault: NamedFault) -> None:
    check(Scenario(name="x", steps=[Step(at="0s", do=deed) for deed in fault.deeds]))


def test_every_verdict_can_befall_something_and_every_thing_has_verdicts() -> None:
    assert set(TAKES) == set(SIGHTS)
    assert {kind for kinds in TAKES.values() for kind in kinds} == set(VERDICTS)


def test_a_fault_is_installed_with_other_fields_where_its_rules_have_them() -> None:
    (rule,) = find_fault("late-frames").rules_with({"account": "alice", "times": 2, "for_s": 60.0})
    (deed,) = find_fault("liquidation").deeds_with({"symbol": "ETHUSDT"})

    assert (rule.name, rule.account, rule.times, rule.for_s) == ("late-frames", "alice", 2, 60.0)
    assert deed.symbol == "ETHUSDT"  # type: ignore[union-attr]  # it is a liquidation


@pytest.mark.parametrize(
    ("name", "changes", "said"),
    [
        ("late-frames", {"verdict": 1}, ": what may be otherwise is account, after_s, "),
        ("late-frames", {"accont": 1}, r": did you mean account\?"),
        ("liquidation", {"nth": 2}, ": what may be otherwise is account, position_side, price, quantity, symbol, "),
    ],
)
def test_a_field_that_a_fault_does_not_have_is_refused(name: str, changes: dict[str, object], said: str) -> None:
    with pytest.raises(BadFaultError, match=f"{next(iter(changes))}: {name} has no such field{said}"):
        find_fault(name).rules_with(changes)


def test_a_misspelt_fault_is_answered_with_the_nearest() -> None:
    with pytest.raises(BadFaultError, match="there is no fault 'half-opn': did you mean half-open"):
        find_fault("half-opn")


def test_the_table_has_every_fault_and_what_it_is_about() -> None:
    rows = {row["name"]: row for row in table()}

    assert rows.keys() == CATALOGUE.keys()
    assert rows["listen-key-expires-as-text"] == {
        "name": "listen-key-expires-as-text",
        "rows": [1, 10],
        "on": "frame, deed",
        "does": "the listen key's life is over, and listenKeyExpired has its time as text",
    }
