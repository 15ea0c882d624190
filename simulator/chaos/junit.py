"""The results as JUnit XML, which every CI shows: a test case for each seed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from simulator.chaos.result import RunResult

__all__ = ["junit_xml"]

_NO_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(results: Iterable[RunResult], engine: str, told: Callable[[RunResult], str]) -> str:
    """Return the document. `told` says of a failed run what a person wants to read."""
    runs = sorted(results, key=lambda run: run.seed)
    failed = sum(not run.passed for run in runs)
    sums = {"tests": str(len(runs)), "failures": str(failed), "time": f"{sum(run.real_s for run in runs):.3f}"}
    root = Element("testsuites", sums)
    suite = SubElement(root, "testsuite", {"name": "simulator chaos", "errors": "0", "skipped": "0", **sums})
    for run in runs:
        case = SubElement(
            suite, "testcase", {"classname": _shown(engine), "name": f"seed {run.seed}", "time": f"{run.real_s:.3f}"}
        )
        if run.divergences:
            first = run.divergences[0]
            failure = SubElement(
                case, "failure", {"type": first.rule, "message": _shown(first.what.partition("\n")[0])}
            )
            failure.text = _shown(told(run))
    return '<?xml version="1.0" encoding="utf-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _shown(text: str) -> str:
    """Return a text without the characters that no XML may hold."""
    return _NO_XML.sub("\ufffd", text)
