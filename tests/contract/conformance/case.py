"""What is compared: a sample, how the simulator is brought to produce the same, and where it may differ, and why."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from simulator.core.trading.market_terms import Liquidity, MarketTerms
from tests.contract.conformance.bench import Bench, open_bench
from tests.contract.conformance.kinds import Trust, differences

__all__ = ["FIXTURES", "Case", "Outcome", "sample", "trust", "try_case"]

FIXTURES = Path(__file__).parents[3] / "fixtures"

Produce = Callable[[Bench], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Case:
    """How the simulator produces what a sample shows.

    `but` says where the two may differ, by path, and why; an excuse that is not needed is a failure too. `leaving_out`
    are keys of the sample that only another kind of order has. `terms` are the simulator's. `trust` says how far the
    sample's numbers show how numbers are written, None: as far as its source.
    """

    produce: Produce
    but: Mapping[str, str] = field(default_factory=dict)
    leaving_out: Sequence[str] = ()
    terms: Mapping[str, Any] = field(default_factory=dict)
    trust: Trust | None = None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a comparison: what was not as in the sample, what was and has its reason, and what had none."""

    differs: Sequence[str]
    excused: Mapping[str, str]
    needless: Sequence[str]


def sample(name: str) -> Any:
    """Return a fixture's content by its path below `fixtures/`, without `.json`."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


async def try_case(name: str, case: Case, liquidity: Liquidity = "one_price") -> Outcome:
    """Let the simulator produce what the sample shows, and compare. What it cannot do is a difference too."""
    terms = {"market": MarketTerms(liquidity=liquidity)} | dict(case.terms)
    try:
        async with open_bench(**terms) as bench:
            sent = await case.produce(bench)
    except (AssertionError, TimeoutError, TypeError) as error:
        reason = str(error).partition("\n")[0][:120] or "nothing came"
        return Outcome(differs=[f"it: is not there ({reason})"], excused={}, needless=[])
    wanted = _without(sample(name), case.leaving_out)
    texts = (
        _in_their_order(wanted, sent) if "sequence" in name else differences(wanted, sent, case.trust or trust(name))
    )
    found = [(text.partition(":")[0], text) for text in texts]
    return Outcome(
        differs=[text for path, text in found if path not in case.but],
        excused={path: case.but[path] for path, _ in found if path in case.but},
        needless=[path for path in case.but if path not in dict(found)],
    )


def _in_their_order(wanted: Sequence[Any], sent: Sequence[Any]) -> list[str]:
    """Return what of a sequence is not as it was captured, frame by frame."""
    if [frame["e"] for frame in wanted] != [frame["e"] for frame in sent]:
        return [f"it: is {', '.join(frame['e'] for frame in sent)}"]
    return [
        f"{number}.{text}" for number, pair in enumerate(zip(wanted, sent, strict=True)) for text in differences(*pair)
    ]


@cache
def _sources() -> Mapping[str, str]:
    index = tomllib.loads((FIXTURES / "index.toml").read_text(encoding="utf-8"))["fixture"]
    return {entry["file"].removesuffix(".json"): entry["source"] for entry in index}


def trust(name: str) -> Trust:
    """Return how far a sample can be trusted, by what the index says of its source."""
    source = _sources()[name]
    if re.match(r"L[1-5]\b|public user capture|C# testnet", source):
        return "captured"
    return "composed" if re.search(r"COMPOSED|CONSTRUCTED|fixture|rebuilt|shape only", source) else "documented"


def _without(value: Any, keys: Sequence[str]) -> Any:
    match value:
        case dict():
            return {key: _without(item, keys) for key, item in value.items() if key not in keys}
        case list():
            return [_without(item, keys) for item in value]
        case _:
            return value
