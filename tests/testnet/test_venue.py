"""What keeps the order-life cases harmless."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

from simulator import AccountSpec, Simulator
from tests.testnet.test_order_life import OrderLife
from tests.testnet.venue import SYMBOL, Venue, open_desk, read_terms, smallest_order_far_below
from user_stream.credentials import Credentials
from user_stream.preflight import NotTheTestnetError
from user_stream.settings import Environment

ROOT = Path(__file__).parents[2]
CREDENTIALS = Credentials("K" * 64, "S" * 64)


@pytest.mark.parametrize(
    "environment",
    [
        Environment.MAINNET,
        Environment("testnet", "https://fapi.binance.com", "wss://demo-fstream.binance.com"),
        Environment("testnet", "https://demo-fapi.binance.com", "wss://fstream.binance.com"),
        Environment("simulator", "https://fapi.binance.com", "wss://fstream.binance.com"),
        Environment("simulator", "http://127.0.0.1:9010", "wss://fstream.binance.com"),
    ],
    ids=lambda environment: f"{environment.name} {environment.rest_url}",
)
def test_no_order_can_be_placed_anywhere_but_on_the_testnet_and_on_simulators(environment: Environment) -> None:
    with pytest.raises(NotTheTestnetError, match="is not the testnet"):
        Venue(environment, CREDENTIALS)


def test_the_testnet_and_a_simulator_are_venues() -> None:
    for environment in (Environment.TESTNET, Environment.SIMULATOR):
        assert Venue(environment, CREDENTIALS).environment is environment


def test_an_order_is_the_smallest_that_is_allowed_and_far_below_the_market() -> None:
    filters = {
        "PRICE_FILTER": {"tickSize": "0.10"},
        "LOT_SIZE": {"stepSize": "0.001", "minQty": "0.001"},
        "MIN_NOTIONAL": {"notional": "100"},
        "PERCENT_PRICE": {"multiplierDown": "0.9500"},
    }

    terms = smallest_order_far_below(Decimal("65432.1"), filters)

    assert terms.price == Decimal("62782.1")
    assert terms.quantity == Decimal("0.002")
    assert (terms.quantity - Decimal("0.001")) * terms.price < 100 <= terms.quantity * terms.price


async def test_in_hedge_mode_the_order_names_its_position() -> None:
    async with Simulator(accounts=(AccountSpec(dual_side_position=True),)) as sim:
        terms = await read_terms(Venue.of(sim, sim.account))

    assert terms.position_side == "LONG"


async def test_an_order_ends_even_when_its_case_fails() -> None:
    placed = []

    async def fail_with_an_open_order(venue: Venue) -> None:
        async with open_desk(venue) as desk, desk.far_order() as order:
            await desk.until_state(order, "active")
            placed.append(order.client_order_id)
            raise ZeroDivisionError

    async with Simulator() as sim:
        venue = Venue.of(sim, sim.account)
        with pytest.raises(ZeroDivisionError):
            await fail_with_an_open_order(venue)
        async with venue.rest() as rest:
            row = await rest.order_by_client_id(SYMBOL, placed[0])

    assert row is not None
    assert row.status == "CANCELED"


def test_without_keys_every_testnet_case_is_skipped_with_the_reason_and_nothing_fails() -> None:
    command = [sys.executable, "-m", "pytest", "-m", "testnet", "-rs", "-p", "no:cacheprovider", "tests/testnet"]
    without_keys = {name: value for name, value in os.environ.items() if not name.startswith("BINANCE_")}

    run = subprocess.run(command, cwd=ROOT, env=without_keys, capture_output=True, text=True, check=False)  # noqa: S603  our own command

    assert run.returncode == 0, run.stdout + run.stderr
    skipped = re.findall(r"SKIPPED \[1\] .+: no keys: missing in the environment: BINANCE_TESTNET_API_KEY", run.stdout)
    assert len(skipped) == sum(name.startswith("test_") for name in vars(OrderLife))
