"""What `simulator serve` says when it listens: all that somebody needs who sees it for the first time.

Keys that the simulator made are shown whole, for they open nothing. Those that the user brought are not: they may be
real ones, and what is printed ends in the logs of a build.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from simulator.core.domain import DEFAULT_API_KEY, DEFAULT_API_SECRET, AccountSpec
from simulator.core.ids import identifier
from simulator.core.journal import mask
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
    is_ours = account.api_key in {DEFAULT_API_KEY, identifier(64, "api key", account.name)}
    yield f"  key    {account.api_key if is_ours else f'{mask(account.api_key)} (your own)'}"
    yield f"  secret {_secret(account)}"


def _secret(account: AccountSpec) -> str:
    if account.public_key:
        return "none, it signs with its private key"
    is_ours = account.api_secret in {DEFAULT_API_SECRET, identifier(64, "api secret", account.name)}
    return account.api_secret if is_ours else "your own"


def _trust(file: str) -> Iterator[str]:
    yield f"trust    {file}, which is gone after the stop; most clients are told by a variable:"
    yield f"           SSL_CERT_FILE={file}          Python's ssl, aiohttp, websockets, Go, curl"
    yield f"           REQUESTS_CA_BUNDLE={file}     requests"
    yield f"           NODE_EXTRA_CA_CERTS={file}    Node"
