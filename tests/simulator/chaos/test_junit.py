"""The XML is what every CI reads: one case for each seed, and nothing in it that no XML may hold."""

from __future__ import annotations

from xml.etree.ElementTree import fromstring

from simulator.chaos.junit import junit_xml
from simulator.chaos.result import Divergence, RunResult

LOST = Divergence(rule="fill", what='order <c-1> & "more"\x00\x1b[31m\nin detail', at_ms=1)


def test_each_seed_is_a_case_and_a_failure_tells_everything() -> None:
    runs = [
        RunResult(seed=9, virtual_s=1, real_s=0.25, divergences=(LOST,)),
        RunResult(seed=8, virtual_s=1, real_s=1),
    ]

    root = fromstring(junit_xml(runs, "m:E", lambda run: f"all of {run.seed} \x07 <&>"))  # noqa: S314  written just before

    suite = root[0]
    assert [root.tag, suite.tag, suite.get("tests"), suite.get("failures"), suite.get("time")] == [
        "testsuites",
        "testsuite",
        "2",
        "1",
        "1.250",
    ]
    assert [(case.get("name"), case.get("classname"), len(case)) for case in suite] == [
        ("seed 8", "m:E", 0),
        ("seed 9", "m:E", 1),
    ]
    failure = suite[1][0]
    assert failure.get("type") == "fill"
    assert failure.get("message") == 'order <c-1> & "more"\ufffd\ufffd[31m'
    assert failure.text == "all of 9 \ufffd <&>"
