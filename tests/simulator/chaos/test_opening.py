"""The exchange is as the laboratory describes it, and what it leaves open follows from the seed."""

from __future__ import annotations

import pytest

from simulator.chaos.opening import laboratory_of, latency_of, new_exchange, start_ms
from simulator.core.scenario.laboratory import Laboratory
from simulator.core.scenario.scenario import Scenario
from simulator.errors import ConfigurationError


def test_switches_are_written_as_text_whatever_they_are() -> None:
    switches = {"algo_trigger_ms": "250", "algo_immediate_trigger": "-4142", "silent_forms": "path unrouted"}
    profile = new_exchange(Laboratory(profile=switches)).profile
    assert (profile.algo_trigger_ms, profile.algo_immediate_trigger) == (250, -4142)
    assert profile.silent_forms == {"path", "unrouted"}


@pytest.mark.parametrize("switches", [{"trade_light": "first"}, {"trade_lite": "firts"}])
def test_a_switch_that_there_is_not_is_named(switches: dict[str, str]) -> None:
    with pytest.raises(ConfigurationError, match=r"laboratory\.profile"):
        new_exchange(Laboratory(profile=switches))


def test_every_account_trades_in_the_same_mode_and_has_its_own_keys() -> None:
    accounts = new_exchange(Laboratory(accounts=3, position_mode="hedge")).accounts
    assert [account.name for account in accounts] == ["default", "other2", "other3"]
    assert all(account.dual_side_position for account in accounts)
    assert len({account.api_key for account in accounts}) == 3


def test_the_start_and_the_latency_follow_from_the_seed() -> None:
    assert start_ms(1) == start_ms(1) != start_ms(2)
    drawn = [[latency() for _ in range(5)] for _ in range(2) if (latency := latency_of(Laboratory(latency="20ms")))]
    assert drawn[0] == drawn[1]
    assert max(drawn[0]) <= 0.02
    assert latency_of(Laboratory()) is None


def test_a_scenario_without_a_laboratory_lasts_as_long_as_its_run_may() -> None:
    assert laboratory_of(Scenario(name="plain", timeout="90s")).length == "90s"
