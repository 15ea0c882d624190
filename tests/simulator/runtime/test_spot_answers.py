"""What the spot exchange is asked has the spot exchange's header of weights."""

from __future__ import annotations

import aiohttp
import pytest

from simulator import Simulator


@pytest.mark.parametrize(("path", "has_it"), [("/api/v3/ping", True), ("/fapi/v1/ping", False)])
async def test_weight_is_told_without_its_interval_on_spot_paths_alone(path: str, has_it: bool) -> None:
    async with Simulator() as sim, aiohttp.ClientSession(sim.rest_url) as http, http.get(path) as answer:
        assert answer.status == 200
        assert "x-mbx-used-weight-1m" in answer.headers
        assert ("x-mbx-used-weight" in answer.headers) == has_it
