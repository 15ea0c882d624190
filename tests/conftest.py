"""What every test gets: a virtual clock under its event loop, and a network that ends at this machine.

The wall clock belongs to the virtual one: exchange and client ask it when they start, one some real milliseconds after
the other, and a minute begins when it likes. So on a virtual loop it begins at `START_MS`, and what a test does is to
the millisecond the same each time, on however busy a machine.
"""

from __future__ import annotations

import asyncio
import ipaddress
import sys
from collections.abc import Callable, Iterator, Mapping

import pytest
from hypothesis import HealthCheck, settings

from simulator.runtime.virtual_time import VirtualTimeLoop, virtual_wall_clock

START_MS = 1_797_066_123_456
"""2026-12-12 09:02:03.456 UTC: no round time."""
TESTNET_HOSTS = ("demo-fapi.binance.com", "demo-fstream.binance.com")

# A busy machine is no reason for a test to fail, and what failed once must fail again.
settings.register_profile("same", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("campaign", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")

_allowed_hosts: set[str] = set()
"""Names that the running test may look up; empty but in the opt-in testnet tests."""
strayed: list[str] = []
"""Whom tests have tried to reach and could not: a client may swallow what the guard raises."""


class NetworkForbiddenError(AssertionError):
    """A test tried to leave this machine."""


def _guard(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        host = args[0]
        if isinstance(host, str) and host in _allowed_hosts:
            return
        _refuse_unless_loopback(host)
    elif event == "socket.connect":
        address = args[1]
        if isinstance(address, tuple) and not (_allowed_hosts and address[1] in {443, 53}):
            _refuse_unless_loopback(address[0])


def _refuse_unless_loopback(host: object) -> None:
    if host is None or host in {"localhost", ""}:
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    try:
        loopback = ipaddress.ip_address(name).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        strayed.append(name)
        message = f"tests reach only this machine, not {name}"
        raise NetworkForbiddenError(message)


sys.addaudithook(_guard)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let `make campaign` live each drawn day with more seeds."""
    parser.addoption("--seeds", type=int, help="live what is drawn from a seed so often, instead of a few times")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test marked `seeds(n)` its seeds. Only the first is measured for coverage, which doubles what a day costs:
    the later ones go through the same lines.
    """
    marker = metafunc.definition.get_closest_marker("seeds")
    if marker is not None:
        count = metafunc.config.getoption("--seeds") or marker.args[0]
        later = (pytest.param(seed, marks=pytest.mark.no_cover) for seed in range(1, count))
        metafunc.parametrize("seed", [0, *later])


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every coroutine test on virtual time, but for those that trade on the real testnet."""
    if item.get_closest_marker("testnet"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture(autouse=True)
def _the_wall_clock_is_the_loops() -> Iterator[None]:
    with virtual_wall_clock(START_MS):
        yield


@pytest.fixture(autouse=True)
def _only_the_testnet_is_reachable(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("testnet"):
        _allowed_hosts.update(TESTNET_HOSTS)
    yield
    _allowed_hosts.clear()
