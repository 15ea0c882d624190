"""What every test gets: a virtual clock under its event loop, and a network that ends at this machine."""

from __future__ import annotations

import asyncio
import ipaddress
import sys
from collections.abc import Callable, Iterator, Mapping

import pytest

from simulator.runtime.virtual_time import VirtualTimeLoop

TESTNET_HOSTS = ("demo-fapi.binance.com", "demo-fstream.binance.com")

_allowed_hosts: set[str] = set()
"""Names that the running test may look up; empty but in the opt-in testnet tests."""


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
        message = f"tests reach only this machine, not {name}"
        raise NetworkForbiddenError(message)


sys.addaudithook(_guard)


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run every coroutine test on virtual time, but for those that trade on the real testnet."""
    if item.get_closest_marker("testnet"):
        return {"real": asyncio.SelectorEventLoop}
    return {"virtual": VirtualTimeLoop}


@pytest.fixture(autouse=True)
def _only_the_testnet_is_reachable(request: pytest.FixtureRequest) -> Iterator[None]:
    if request.node.get_closest_marker("testnet"):
        _allowed_hosts.update(TESTNET_HOSTS)
    yield
    _allowed_hosts.clear()
