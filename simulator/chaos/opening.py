"""The exchange that a scenario's laboratory describes, not started yet.

Everything that the laboratory leaves open is a function of its seed: the day and the minute of the start, which lie
anywhere around the exchange's own times (the end of a minute, of a day, a funding), and what exchange and network draw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace as changed
from random import Random
from typing import Any, Final

import msgspec

from simulator.core.domain import AccountSpec
from simulator.core.profile import Profile
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.notation import milliseconds
from simulator.core.scenario.scenario import Scenario
from simulator.core.trading.market_terms import MarketTerms
from simulator.errors import ConfigurationError
from simulator.runtime.server import Simulator

__all__ = ["laboratory_of", "latency_of", "new_exchange", "start_ms"]

_FIRST_DAY_MS: Final = 1_796_256_000_000
"""2026-12-03 00:00 UTC."""
_DAYS: Final = 14


def laboratory_of(scenario: Scenario) -> Laboratory:
    """Return the world of a scenario; of one that describes none, the plain world that lasts as long as its run may."""
    if scenario.laboratory is not None:
        return scenario.laboratory
    return changed(Laboratory(), length=scenario.timeout)


def start_ms(seed: int) -> int:
    """Return the exchange's time at the start: ms since 1970."""
    return _FIRST_DAY_MS + Random(f"start {seed}").randrange(_DAYS * 86_400_000)  # noqa: S311  a run must be the same each time


def latency_of(laboratory: Laboratory) -> Callable[[], float] | None:
    """Return what draws how many seconds a piece takes on the network; None: no time at all."""
    most_s = milliseconds(laboratory.latency) / 1000
    if not most_s:
        return None
    dice = Random(f"latency {laboratory.seed}")  # noqa: S311  a run must be the same each time
    return lambda: most_s * dice.random()


def new_exchange(laboratory: Laboratory) -> Simulator:
    """Return the exchange. Raises `ConfigurationError` when it cannot be as it is described."""
    automatic = laboratory.risk == "automatic"
    return Simulator(
        accounts=_accounts(laboratory),
        start_ms=start_ms(laboratory.seed),
        seed=laboratory.seed,
        listen_key_lifetime_s=milliseconds(laboratory.listen_key_lifetime) / 1000,
        connection_lifetime_s=milliseconds(laboratory.connection_lifetime) / 1000,
        ping_interval_s=milliseconds(laboratory.ping_interval) / 1000,
        pong_timeout_s=milliseconds(laboratory.pong_timeout) / 1000,
        profile=_profile(laboratory.profile),
        market=MarketTerms(liquidity=laboratory.market),
        risk=RiskTerms(
            liquidation="automatic" if automatic else "scripted", funding="automatic" if automatic else "scripted"
        ),
    )


def _accounts(laboratory: Laboratory) -> tuple[AccountSpec, ...]:
    dual = laboratory.position_mode == "hedge"
    first = AccountSpec(balance=laboratory.balance, dual_side_position=dual)
    others = (
        AccountSpec(
            name=f"other{number}",
            api_key=f"simulatorOtherAccountApiKey{number:037}",
            api_secret=f"simulatorOtherAccountApiSecret{number:034}",
            balance=laboratory.balance,
            dual_side_position=dual,
        )
        for number in range(2, laboratory.accounts + 1)
    )
    return (first, *others)


def _profile(switches: Mapping[str, str]) -> Profile:
    """Return the profile. Numbers are written as text, sets with a blank between their words."""
    fields = {field.name: field.type for field in msgspec.structs.fields(Profile)}
    values: dict[str, Any] = {}
    for name, text in switches.items():
        if name not in fields:
            message = f"laboratory.profile: there is no switch {name!r}: there are {', '.join(sorted(fields))}"
            raise ConfigurationError(message)
        values[name] = text.split() if "frozenset" in str(fields[name]) else text
    try:
        return msgspec.convert(values, Profile, strict=False)
    except msgspec.ValidationError as error:
        message = f"laboratory.profile: {error}"
        raise ConfigurationError(message) from error
