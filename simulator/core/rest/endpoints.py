"""Every REST path that the simulator answers: the tables of the files that hold the endpoints, in one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.core.rest import (
    account_endpoints,
    algo_endpoints,
    batch_endpoints,
    cancel_endpoints,
    convert_endpoints,
    download_endpoints,
    history_endpoints,
    kline_endpoints,
    market_endpoints,
    order_query_endpoints,
    reference_endpoints,
    setting_endpoints,
    spot_endpoints,
    terms_endpoints,
    trading_endpoints,
)
from simulator.core.venue import Route

__all__ = ["ROUTES"]

ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    **market_endpoints.ROUTES,
    **kline_endpoints.ROUTES,
    **reference_endpoints.ROUTES,
    **account_endpoints.ROUTES,
    **trading_endpoints.ROUTES,
    **batch_endpoints.ROUTES,
    **cancel_endpoints.ROUTES,
    **order_query_endpoints.ROUTES,
    **algo_endpoints.ROUTES,
    **setting_endpoints.ROUTES,
    **convert_endpoints.ROUTES,
    **terms_endpoints.ROUTES,
    **history_endpoints.ROUTES,
    **download_endpoints.ROUTES,
    **spot_endpoints.ROUTES,
}
