"""Everything that the reference lists is there, and weighs what it says."""

from __future__ import annotations

import pytest

from simulator.core.rest.endpoints import ROUTES
from simulator.core.ws_api.ws_api import SESSION_METHODS, TWINS
from tests.contract.conformance.case import sample
from tests.contract.conformance.inventory import ENDPOINTS, METHODS, RETIRED, UNWEIGHED, USER_EVENTS, Endpoint
from tests.contract.conformance.registry import CASES


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: " ".join(endpoint.route))
def test_every_endpoint_is_there_and_weighs_what_the_reference_says(endpoint: Endpoint) -> None:
    route = ROUTES[endpoint.route]
    named = {"symbol": "BTCUSDT"}

    assert route.weigh(named) == endpoint.weight
    assert route.weigh({}) == (endpoint.weight if endpoint.of_all is None else endpoint.of_all)
    assert {limit: route.weigh(named | {"limit": str(limit)}) for limit in endpoint.limits} == endpoint.limits
    assert route.orders == endpoint.orders
    assert (route.bucket == "funding") == endpoint.is_funding


def test_what_the_reference_only_names_is_there_too() -> None:
    assert set(UNWEIGHED) <= ROUTES.keys()


def test_what_is_retired_is_gone() -> None:
    assert not set(RETIRED) & ROUTES.keys()


def test_every_method_of_the_websocket_api_is_the_twin_that_the_reference_names() -> None:
    assert {method: tuple(twin) for method, twin in TWINS.items()} == {
        name: twin for name, twin in METHODS.items() if twin
    }
    assert {name for name, twin in METHODS.items() if not twin} == SESSION_METHODS
    assert all(tuple(twin) in ROUTES for twin in TWINS.values())


def test_every_user_event_is_produced() -> None:
    frames = [sample(name) for name in CASES if name.startswith("events/")]
    told = {
        frame.get("data", frame).get("e")
        for content in frames
        for frame in (content if isinstance(content, list) else [content])
    }

    assert set(USER_EVENTS) == told - {None}
