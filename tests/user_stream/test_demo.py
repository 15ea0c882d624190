"""The demo: it tells every chapter, the same way each time, and it can fail."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import pytest
from rich.console import Console

from simulator import Simulator
from user_stream import Environment, LoopClock, UserStreamService
from user_stream.demo.comparison import compare
from user_stream.demo.engine import DemoOrderManager, DemoRiskEngine
from user_stream.demo.run import main
from user_stream.demo.screen import Screen
from user_stream.demo.story import CHAPTERS
from user_stream.runtime.binance_rest import BinanceRest


def show() -> tuple[int, str]:
    screen = io.StringIO()
    code = main(Console(file=screen, width=120))
    return code, re.sub(r"127\.0\.0\.1:\d+", "HOST", screen.getvalue())


@pytest.fixture(scope="module")
def shown() -> tuple[int, str]:
    return show()


def test_demo_ends_equal_and_shows_what_it_promises(shown: tuple[int, str]) -> None:
    code, text = shown

    assert code == 0
    for chapter in CHAPTERS:
        assert str(chapter.__doc__) in text
    for promised in (
        r"order +demo-limit +idle → placing",
        r"order +demo-limit +placing → active",
        r"order +demo-limit +active → filled",
        r"on_fill +demo-limit",
        r"(?s)on_partial +demo-parts .*on_partial +demo-parts .*on_fill +demo-parts",
        r"order +demo-cancel +active → cancelling",
        r"order +demo-cancel +cancelling → cancelled",
        r"risk +ORDER",
        r"(?s)gap opened.*demo-gap +active → filled.*gap repaired over REST: 1 order, 1 fill,",
        r"(?s)the listen key expires.*degraded: the listen key expired.*connecting \(connection 3\).*live",
        r"500 symbols filled: BTCUSDT is cached",
        r"501 symbols filled: BTCUSDT, the oldest, is evicted",
        r"60 seconds later SIM0500USDT is stale",
        r"orders +│ +506 │ +506 │ equal",
    ):
        assert re.search(promised, text), promised


@pytest.mark.no_cover
def test_demo_is_the_same_every_time(shown: tuple[int, str]) -> None:
    assert show() == shown


@pytest.mark.parametrize("lie", ["order", "fill", "position", "balance"])
async def test_comparison_finds_what_differs(lie: str) -> None:
    async with Simulator() as sim:
        account = sim.account
        environment = Environment.simulator(sim.rest_url, sim.ws_url)
        since = sim.time_ms
        screen = Screen(Console(file=io.StringIO()), lambda: sim.time_ms, lambda: None)
        keys = (account.api_key, account.api_secret)
        risk = DemoRiskEngine(screen)
        async with DemoOrderManager(*keys, environment=environment, clock=LoopClock(), screen=screen) as orders:
            async with UserStreamService(*keys, orders, risk, environment=environment):
                sim.place_external(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.010", client_order_id="w")
                rest = BinanceRest(*keys, environment=environment)
                await rest.synchronize_clock()
                rows = await compare(rest, orders, risk, since=since)
                assert {verdict for *_, verdict in rows} == {"equal"}

            match lie:
                case "order":
                    sim.place_external(symbol="BTCUSDT", side="BUY", type="LIMIT", quantity="0.010", price="60000")
                case "fill":
                    orders.fills[("BTCUSDT", 1)] = (Decimal(1), Decimal(1))
                case "position":
                    sim.place_external(symbol="ETHUSDT", side="BUY", type="MARKET", quantity="1")
                case _:
                    sim.transfer("USDT", "1")
            rows = await compare(rest, orders, risk, since=since)
            await rest.close()

    different = {what for what, *_, verdict in rows if verdict != "equal"}
    assert f"{lie}s" in different
