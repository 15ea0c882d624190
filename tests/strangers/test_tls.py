"""Clients over TLS, told of the throw-away authority in their own ways. Without that, they refuse."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from contextlib import closing

import aiohttp
import ccxt
import pytest

from tests.strangers.clients import (
    BTC,
    async_python_binance,
    official_sdk,
    pro_ccxt,
    sockets_of,
    sync_ccxt,
    sync_python_binance,
)
from tests.strangers.venue import PATIENCE_S, Venue, served


@pytest.fixture(scope="module")
def secured() -> Iterator[Venue]:
    with served("--tls") as venue:
        yield venue


@pytest.fixture
def trusted(secured: Venue, monkeypatch: pytest.MonkeyPatch) -> Venue:
    monkeypatch.setenv("SSL_CERT_FILE", secured.ca_file)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", secured.ca_file)
    return secured


def test_authority_that_nobody_was_told_of_is_not_trusted(secured: Venue) -> None:
    client = sync_ccxt(secured)
    with closing(client.session), pytest.raises(ccxt.NetworkError):
        client.fetch_time()


def test_blocking_clients_trust_the_environments_authority(trusted: Venue) -> None:
    client = sync_ccxt(trusted, requests_trust_env=True)
    with closing(client.session):
        assert client.fetch_time() > 0
    assert sync_python_binance(trusted).futures_ping() == {}
    assert official_sdk(trusted).rest_api.check_server_time().data().server_time > 0


async def test_ccxt_streams_by_the_authority_of_its_cafile(secured: Venue) -> None:
    client = pro_ccxt(secured, cafile=secured.ca_file)
    try:
        assert (await asyncio.wait_for(client.watch_order_book(BTC), PATIENCE_S))["bids"]
    finally:
        await client.close()


async def test_python_binance_streams_by_the_environments_authority(trusted: Venue) -> None:
    # aiohttp has looked at the environment when it was imported: a program that is started later needs no connector
    connector = aiohttp.TCPConnector(ssl=ssl.create_default_context(cafile=trusted.ca_file))
    client = async_python_binance(trusted, connector=connector)
    async with sockets_of(client, trusted).futures_user_socket() as socket:
        await client.futures_create_order(symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.001")
        message = await asyncio.wait_for(socket.recv(), PATIENCE_S)
    await client.close_connection()
    assert message["e"] == "TRADE_LITE"
