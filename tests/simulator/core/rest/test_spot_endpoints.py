"""The two questions to the spot exchange are answered like those to this one."""

from __future__ import annotations

import pytest

from simulator.core.rest.endpoints import ROUTES


@pytest.mark.parametrize("name", ["ping", "time"])
def test_clients_that_set_out_at_the_spot_exchange_get_this_ones_answer(name: str) -> None:
    assert ROUTES["GET", f"/api/v3/{name}"] == ROUTES["GET", f"/fapi/v1/{name}"]


def test_nothing_else_of_the_spot_exchange_is_served() -> None:
    assert [path for _, path in ROUTES if path.startswith("/api/")] == ["/api/v3/ping", "/api/v3/time"]
