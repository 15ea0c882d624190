"""The strangers, as their users make them: with URLs and keys that are the simulator's, and nothing else changed.

Whatever else is set is an option of the client's own, with its reason. `docs/clients.md` says the same to users.
"""

from __future__ import annotations

import warnings
from typing import Any

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # what a stranger's dependencies deprecate is not ours to mend
    import ccxt
    import ccxt.async_support
    import ccxt.pro
    from binance import AsyncClient, BinanceSocketManager, Client
    from binance.exceptions import BinanceAPIException
    from binance.ws.reconnecting_websocket import ReconnectingWebsocket
    from binance_common.configuration import (
        ConfigurationRestAPI,
        ConfigurationWebSocketAPI,
        ConfigurationWebSocketStreams,
    )
    from binance_common.errors import BadRequestError, UnauthorizedError
    from binance_sdk_derivatives_trading_usds_futures.derivatives_trading_usds_futures import (
        DerivativesTradingUsdsFutures,
    )
    from unicorn_binance_rest_api import BinanceRestApiManager
    from unicorn_binance_websocket_api import BinanceWebSocketApiManager

from tests.strangers.venue import Keys, Venue

__all__ = [
    "BTC",
    "BadRequestError",
    "BinanceAPIException",
    "UnauthorizedError",
    "async_ccxt",
    "async_python_binance",
    "official_sdk",
    "pro_ccxt",
    "sockets_of",
    "sync_ccxt",
    "sync_python_binance",
    "unicorn",
]

ReconnectingWebsocket.TIMEOUT = 0.1
"""How long python-binance waits for one more frame, in s, before it closes a socket: 10 by default."""
BTC = "BTC/USDT:USDT"
"""BTCUSDT, as ccxt calls it."""


def ccxt_client(kind: Any, venue: Venue, keys: Keys, **trust: object) -> Any:
    """Make `ccxt.binanceusdm`, or one of the asynchronous ones, a client of the simulator.

    `trust` tells it of a certificate authority.
    """
    client = kind(
        {
            "apiKey": keys.api_key,
            "secret": keys.secret,
            "enableRateLimit": False,  # it waits between requests
            "options": {"fetchCurrencies": False},  # they are asked of the spot exchange
            **trust,
        }
    )
    api = client.urls["api"]
    for name, url in api.items():
        if name.startswith("fapi"):
            api[name] = url.replace("https://fapi.binance.com", venue.rest)
    if "ws" in api:
        api["ws"]["linear"] = f"{venue.ws}/ws"
        api["ws"]["ws-api"]["linear"] = venue.ws_api
    # ccxt knows by the host's name which of its tables of errors holds
    client.exceptions["exact"].update(client.exceptions["linear"]["exact"])
    return client


def sync_ccxt(venue: Venue, keys: Keys | None = None, **trust: object) -> Any:
    """Make a blocking ccxt client."""
    return ccxt_client(ccxt.binanceusdm, venue, keys or venue.keys, **trust)


def async_ccxt(venue: Venue, keys: Keys | None = None) -> Any:
    """Make an asynchronous ccxt client; to be closed."""
    return ccxt_client(ccxt.async_support.binanceusdm, venue, keys or venue.keys)


def pro_ccxt(venue: Venue, keys: Keys | None = None, **trust: object) -> Any:
    """Make a streaming ccxt client; to be closed."""
    return ccxt_client(ccxt.pro.binanceusdm, venue, keys or venue.keys, **trust)


def _at(venue: Venue) -> dict[str, str]:
    return {
        "FUTURES_URL": f"{venue.rest}/fapi",
        "FUTURES_DATA_URL": f"{venue.rest}/futures/data",
        "WS_FUTURES_URL": venue.ws_api,
    }


def sync_python_binance(venue: Venue, keys: Keys | None = None) -> Any:
    """Make a blocking client of python-binance. `ping` would ask the spot exchange."""
    keys = keys or venue.keys
    return type("Client", (Client,), _at(venue))(keys.api_key, keys.secret, ping=False)


def async_python_binance(venue: Venue, keys: Keys | None = None, **session: object) -> Any:
    """Make an asynchronous client of python-binance; to be closed. `create()` would ask the spot exchange."""
    keys = keys or venue.keys
    return type("AsyncClient", (AsyncClient,), _at(venue))(keys.api_key, keys.secret, session_params=session)


def sockets_of(client: Any, venue: Venue) -> Any:
    """Return python-binance's manager of streams."""
    return type("BinanceSocketManager", (BinanceSocketManager,), {"FSTREAM_URL": f"{venue.ws}/"})(client)


def official_sdk(venue: Venue, api_key: str = "") -> Any:
    """Make Binance's own client."""
    keys = {"api_key": api_key or venue.keys.api_key, "api_secret": venue.keys.secret}
    return DerivativesTradingUsdsFutures(
        config_rest_api=ConfigurationRestAPI(**keys, base_path=venue.rest),
        config_ws_api=ConfigurationWebSocketAPI(**keys, stream_url=venue.ws_api),
        config_ws_streams=ConfigurationWebSocketStreams(stream_url=venue.ws),
    )


def unicorn(venue: Venue) -> Any:
    """Make a manager of unicorn-binance-websocket-api; it is a context. `warn_on_update` asks where it is released."""
    manager = BinanceWebSocketApiManager(
        exchange="binance.com-futures",
        restful_base_uri=f"{venue.rest}/fapi",
        websocket_base_uri=f"{venue.ws}/",
        websocket_api_base_uri=venue.ws_api,
        warn_on_update=False,
        disable_colorama=True,
    )
    urls = {"API_URL": f"{venue.rest}/api", "FUTURES_URL": f"{venue.rest}/fapi"}
    rest = type("BinanceRestApiManager", (BinanceRestApiManager,), urls)(tld="com", warn_on_update=False)
    manager.restclient.ubra = rest  # its own would first ask the spot exchange, whose URL cannot be set
    return manager
