"""A complaint says file, line and field."""

from __future__ import annotations

from simulator.core.scenario.scenario_error import Origin, Problem, ScenarioError


def test_a_place_is_file_line_and_path() -> None:
    origin = Origin("x.yaml", {"steps[2].do.fill.quantity": 12})

    assert origin.locate("steps[2].do.fill.quantity") == "x.yaml:12: steps[2].do.fill.quantity"


def test_a_field_that_was_not_written_has_the_line_of_what_encloses_it() -> None:
    origin = Origin("x.yaml", {"": 1, "steps[2]": 9, "steps[2].do": 10})

    assert origin.locate("steps[2].do.fill.quantity") == "x.yaml:10: steps[2].do.fill.quantity"
    assert origin.locate("steps[2].name") == "x.yaml:9: steps[2].name"
    assert origin.locate("timeout") == "x.yaml:1: timeout"


def test_a_scenario_made_in_python_has_no_lines() -> None:
    assert Origin().locate("steps[0].at") == "steps[0].at"


def test_complaints_come_in_the_order_of_the_text() -> None:
    origin = Origin("x.yaml", {"expect[0]": 9, "steps[0]": 3})

    error = ScenarioError([Problem("expect[0]", "second"), Problem("steps[0]", "first")], origin)

    assert str(error) == "x.yaml:3: steps[0]: first\nx.yaml:9: expect[0]: second"
    assert [problem.message for problem in error.problems] == ["first", "second"]
