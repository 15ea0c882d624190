"""Strangers: clients that know nothing of the simulator, unmodified, on real sockets and in real time.

They run where they are installed (`make strangers`, `tox -e strangers`); elsewhere this folder is not collected. Nobody
gets further than this machine: the guard of all tests refuses every other address and every name, and here a test also
fails when the client has kept the refusal to itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from importlib.util import find_spec

import pytest

from tests.conftest import strayed
from tests.strangers.venue import Venue, served

CLIENTS = ("ccxt", "binance", "binance_sdk_derivatives_trading_usds_futures", "unicorn_binance_websocket_api")

collect_ignore_glob = [] if all(find_spec(client) for client in CLIENTS) else ["test_*.py"]


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run coroutine tests on the loop that a client's users have."""
    return {"real": asyncio.SelectorEventLoop}


@pytest.fixture(scope="session")
def exchange() -> Iterator[Venue]:
    """One simulator for all tests of this process."""
    with served("--account", "maker:1000000") as venue:
        yield venue


@pytest.fixture
def venue(exchange: Venue) -> Venue:
    """The simulator, as new."""
    exchange.reset()
    return exchange


@pytest.fixture(autouse=True)
def _nobody_leaves_this_machine() -> Iterator[None]:
    strayed.clear()
    yield
    assert strayed == []


def pytest_itemcollected(item: pytest.Item) -> None:
    """Let a stranger be as untidy as it is: what it warns of, and leaves open, is not ours to mend."""
    item.add_marker(pytest.mark.filterwarnings("ignore"))
    item.add_marker(pytest.mark.timeout(30))
