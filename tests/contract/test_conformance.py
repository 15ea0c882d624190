"""For every public sample, the simulator sends the same: keys, kinds of values, notation, presence. Over the wire."""

from __future__ import annotations

import json

import msgspec
import pytest

from tests.contract.conformance.case import FIXTURES, sample, try_case
from tests.contract.conformance.registry import CASES, NOT_IMPLEMENTED, samples
from user_stream.core.decode import decode_event
from user_stream.core.events import RawEvent


@pytest.mark.parametrize("name", CASES)
async def test_what_the_simulator_sends_is_like_the_sample(name: str) -> None:
    outcome = await try_case(name, CASES[name])

    assert not outcome.differs
    assert not outcome.needless, "these excuses are not needed any more"


@pytest.mark.parametrize("name", [name for name in CASES if name.startswith(("events/", "market/"))])
async def test_so_it_is_on_a_market_with_a_book(name: str) -> None:
    assert not (await try_case(name, CASES[name], "book")).differs


def test_every_sample_is_produced_or_it_is_said_why_not() -> None:
    assert set(samples()) == CASES.keys() | NOT_IMPLEMENTED.keys()
    assert not CASES.keys() & NOT_IMPLEMENTED.keys()
    assert all(NOT_IMPLEMENTED.values())


@pytest.mark.parametrize("name", [name for name in NOT_IMPLEMENTED if name.startswith("events/")])
def test_an_event_that_is_never_sent_decodes(name: str) -> None:
    assert not isinstance(decode_event(msgspec.json.encode(sample(name))), RawEvent)


def test_the_samples_are_json_throughout() -> None:
    for path in sorted(FIXTURES.glob("*/*.json")):
        json.loads(path.read_text(encoding="utf-8"))
