"""docs/errors.md says which codes the simulator raises, and is right."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import simulator
from simulator import VenueError
from simulator.core.rest.error_texts import SCRIPTED_TEXTS
from simulator.core.scenario.answer import text_of
from tests.simulator.core.refusals import CASES

DOC = (Path(__file__).parent.parent / "docs" / "errors.md").read_text()
SOURCES = Path(simulator.__file__).parent
_RAISED = re.compile(r"(?:Error\(|= \(|return |_too_high\(|_too_low\()\s*(-[1-9][0-9]{3})\b")


def table(heading: str) -> dict[int, list[str]]:
    """Return the cells of a section's table by the code in their first."""
    _, _, rest = DOC.partition(f"## {heading}\n\n")
    lines = rest.split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert len({code for code, *_ in cells}) == len(cells), "a code stands twice"
    return {int(code): others for code, *others in cells}


RAISED = table("Raised by the simulator")
SCRIPTED = table("Only by a script")


def raised_in_the_sources() -> set[int]:
    texts = (path.read_text() for path in SOURCES.rglob("*.py") if path.name != "error_texts.py")
    return {int(code) for text in texts for code in _RAISED.findall(text)}


@pytest.mark.parametrize("code", sorted(CASES, reverse=True))
def test_each_code_that_is_listed_is_raised_with_its_status_and_text(code: int) -> None:
    with pytest.raises(VenueError) as refused:
        CASES[code]()

    status, text, *_ = RAISED[code]
    pattern = ".+".join(re.escape(part) for part in text.split("{}"))
    assert (refused.value.code, str(refused.value.status)) == (code, status)
    assert re.fullmatch(pattern, refused.value.message), refused.value.message


def test_the_table_the_cases_and_the_sources_know_the_same_codes() -> None:
    assert set(CASES) == set(RAISED)
    assert set(RAISED) == raised_in_the_sources()


def test_what_only_scripts_tell_is_raised_nowhere_and_has_its_text() -> None:
    assert {code: text for code, (text,) in SCRIPTED.items()} == dict(SCRIPTED_TEXTS)
    assert not SCRIPTED_TEXTS.keys() & RAISED.keys()
    assert all(text_of(code) == text for code, text in SCRIPTED_TEXTS.items())


def test_the_tables_are_in_order() -> None:
    assert list(RAISED) == sorted(RAISED, reverse=True)


@pytest.mark.parametrize(
    "codes",
    [
        (
            range(-1003, -999),
            range(-1008, -1005),
            {-1010, -1011, -1013, -1014, -1015, -1016, -1020, -1021, -1022, -1023},
        ),
        (range(-1106, -1098 - 1), range(-1112, -1107), range(-1122, -1113), {-1125, -1126, -1127, -1128, -1130, -1136}),
        (range(-2028, -2009), range(-4007, -3999), range(-4016, -4012), {-4021, -4023, -4024, -4028, -4031, -4032}),
        (range(-4057, -4043), range(-4062, -4058), {-4067, -4068, -4082, -4083, -4084, -4087, -4088, -4104, -4109}),
        (range(-4107, -4103), range(-4118, -4113), {-4120, -4130, -4131, -4135, -4137, -4138, -4139, -4161, -4164}),
        (
            range(-4142, -4139),
            {-4144, -4165, -4183, -4184, -4210, -4211, -4189, -4192, -4425, -4531},
            range(-4172, -4166),
        ),
        (range(-4403, -4399), {-5021, -5022, -5043, -5047}, range(-5029, -5023), range(-5041, -5036)),
    ],
    ids=["general", "parameters", "orders", "account", "symbols", "conditional", "amendments"],
)
def test_no_code_of_the_protocol_is_missing(codes: tuple[set[int], ...]) -> None:
    """The codes of the protocol reference, section 6.4."""
    wanted = {code for group in codes for code in group}

    assert wanted - RAISED.keys() - SCRIPTED.keys() == set()
