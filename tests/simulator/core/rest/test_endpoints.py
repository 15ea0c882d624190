"""Every path has its security and its weight."""

from __future__ import annotations

import pytest

from simulator.core.rest.endpoints import ROUTES


@pytest.mark.parametrize(
    ("request_line", "security", "weight", "weight_of_all"),
    [
        ("GET /fapi/v1/ping", "none", 1, 1),
        ("POST /fapi/v1/listenKey", "key", 1, 1),
        ("POST /fapi/v1/order", "signed", 0, 0),
        ("DELETE /fapi/v1/order", "signed", 1, 1),
        ("GET /fapi/v1/openOrders", "signed", 1, 40),
        ("GET /fapi/v1/userTrades", "signed", 5, 5),
        ("GET /fapi/v1/positionSide/dual", "signed", 30, 30),
        ("GET /fapi/v2/ticker/price", "none", 1, 2),
    ],
)
def test_a_route(request_line: str, security: str, weight: int, weight_of_all: int) -> None:
    method, path = request_line.split()
    route = ROUTES[method, path]

    assert route.security == security
    assert (route.weigh({"symbol": "BTCUSDT"}), route.weigh({})) == (weight, weight_of_all)


@pytest.mark.parametrize("path", ["/fapi/v1/account", "/fapi/v1/balance", "/fapi/v1/positionRisk"])
def test_retired_paths_are_gone(path: str) -> None:
    assert ("GET", path) not in ROUTES


def test_whatever_changes_anything_is_signed() -> None:
    unsigned = {(method, path) for (method, path), route in ROUTES.items() if route.security != "signed"}

    assert {path for method, path in unsigned if method != "GET"} == {"/fapi/v1/listenKey"}
