"""A step installs any rule, or a named fault; what is wrong in it is told with its line and field."""

from __future__ import annotations

import pytest

from simulator import BadFaultError, Delay, Drop, Rule
from simulator.core.faults.catalogue import find_fault
from simulator.core.scenario.fault_action import EndFault, Fault, fault_of
from simulator.core.scenario.fault_reading import fault_problems, meaning_of
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_error import ScenarioError
from simulator.core.scenario.scenario_text import parse_scenario
from simulator.core.scenario.writing import scenario_text


def read(action: str) -> Fault:
    found = parse_scenario(f"steps:\n  - {{at: 0s, do: {action}}}\n", "file.yaml", "x").steps[0].do
    assert isinstance(found, Fault)
    return found


def test_a_rule_is_written_as_its_fields() -> None:
    filters = "event: TRADE_LITE, order: 77, probability: 0.25, for_s: 90s"
    text = f"{{fault: {{on: frame, {filters}, verdict: {{delay: {{seconds: 2}}}}}}}}"
    rule = Rule(on="frame", event="TRADE_LITE", order="77", probability=0.25, for_s=90.0, verdict=Delay(2.0))

    assert meaning_of(read(text)).rules == (rule,)


def test_a_named_fault_is_written_as_its_name_and_may_have_other_fields() -> None:
    assert meaning_of(read("{fault: half-open}")).deeds == find_fault("half-open").deeds
    (rule,) = meaning_of(read("{fault: {named: late-frames, times: 3}}")).rules
    assert (rule.name, rule.times) == ("late-frames", 3)


def test_a_scenario_with_faults_is_written_and_read_as_the_same() -> None:
    steps = [
        Step(at="1s", do=fault_of(Rule(on="request", path="/x", verdict=Drop(), probability=0.1, after_s=2.5))),
        Step(at="2s", do=Fault(named="late-frames", times=2)),
        Step(at="3s", do=EndFault(named="late-frames")),
        Step(at="4s", do=EndFault()),
    ]
    scenario = Scenario(name="x", steps=steps)

    assert parse_scenario(scenario_text(scenario), "x", "x").steps == steps


@pytest.mark.parametrize(
    ("action", "mistakes"),
    [
        ("fault", ["file.yaml:2: steps[0].do.fault: what fails? say `named`, or `on` and `verdict`"]),
        (
            "{fault: half-opn}",
            ["file.yaml:2: steps[0].do.fault.named: there is no fault 'half-opn': did you"],
        ),
        (
            "{fault: {on: frame, times: 0, verdict: hold}}",
            ["file.yaml:2: steps[0].do.fault.times: expected 1 or more, got 0"],
        ),
        (
            "{fault: {on: frame, path: /x, verdict: {dely: 1}}}",
            ["file.yaml:2: steps[0].do.fault.verdict: there is no verdict dely: did you mean delay?"],
        ),
        (
            "{fault: {named: late-frames, nth: 1, for_s: soon}}",
            ['file.yaml:2: steps[0].do.fault.for_s: expected a number, or a duration such as "90s", got "soon"'],
        ),
        ("{fault: {on: frame, verdict: drop, colour: red}}", ["file.yaml:2: steps[0].do.fault.colour: unknown field"]),
    ],
)
def test_a_mistake_is_told_with_its_place(action: str, mistakes: list[str]) -> None:
    with pytest.raises(ScenarioError) as caught:
        read(action)

    told = str(caught.value).splitlines()
    assert len(told) == len(mistakes)
    assert all(line.startswith(mistake) for line, mistake in zip(told, mistakes, strict=True))


def test_a_fault_from_python_is_judged_too() -> None:
    with pytest.raises(BadFaultError, match="verdict: there is no verdict dorp: did you mean drop"):
        meaning_of(Fault(on="frame", verdict="dorp"))


def test_what_a_named_fault_cannot_have_otherwise_is_found_before_it_is_played() -> None:
    problems = fault_problems(Fault(named="late-frames", probability="2"), "steps[0].do.fault")

    assert [(problem.path, problem.message) for problem in problems] == [
        ("steps[0].do.fault.probability", "expected a number from 0 to 1, got 2.0")
    ]
