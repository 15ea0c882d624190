"""What `simulator serve` says when it listens: all that somebody needs who sees it for the first time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulator.core.domain import AccountSpec
from simulator.runtime.server import Simulator

__all__ = ["welcome"]


_A_DEED: Final = '{"set_price": {"symbol": "BTCUSDT", "price": "64000"}}'


def welcome(simulator: Simulator, about: str) -> str:
    """Return the lines: where what is, with which keys, and `about` the exchange as it was set."""
    return "\n".join(_lines(simulator, about))


def _lines(simulator: Simulator, about: str) -> Iterator[str]:
    ws = simulator.ws_url
    yield f"REST     {simulator.rest_url}             instead of https://fapi.binance.com"
    yield f"streams  {ws}               instead of wss://fstream.binance.com:"
    yield f"           user    {ws}/private/ws?listenKey=<key of POST /fapi/v1/listenKey>"
    yield f"           public  {ws}/public/ws/btcusdt@bookTicker (depth and best prices)"
    yield f"           market  {ws}/market/ws/btcusdt@aggTrade (all others); /stream?streams=<a>/<b> wraps"
    yield f"ws-api   {simulator.ws_api_url}    instead of wss://ws-fapi.binance.com/ws-fapi/v1"
    yield f"control  {simulator.rest_url}/sim/state (and /sim/journal: why a request was refused)"
    yield f"           curl -d '{_A_DEED}' {simulator.rest_url}/sim/do"
    if simulator.ca_file is not None:
        yield from _trust(str(simulator.ca_file))
    for account in simulator.accounts:
        yield from _account(account)
    yield "more accounts: --account NAME:BALANCE, or --accounts FILE with keys of your own"
    yield f"{about}; {len(simulator.symbols)} symbols. Ctrl-C stops."


def _account(account: AccountSpec) -> Iterator[str]:
    yield f"account  {account.name}: {account.balance} USDT"
    yield f"  key    {account.api_key}"
    yield f"  secret {'none, it signs with its private key' if account.public_key else account.api_secret}"


def _trust(file: str) -> Iterator[str]:
    yield f"trust    {file}, which is gone after the stop; most clients are told by a variable:"
    yield f"           SSL_CERT_FILE={file}          Python's ssl, aiohttp, websockets, Go, curl"
    yield f"           REQUESTS_CA_BUNDLE={file}     requests"
    yield f"           NODE_EXTRA_CA_CERTS={file}    Node"
