"""A client in a process of its own, with its own clock: it knows nothing of the simulator but its URLs.

It keeps a user stream open, and makes a new key and a new connection whenever one has ended. For each line that it
reads, `balance` or `synchronize`, and for each thing that happens to its stream, it writes one: a word, and a code.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import sys
import time
import urllib.error
import urllib.request
from typing import Any

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

REST_URL, WS_URL, KEY, SECRET = sys.argv[1:5]
offset_ms = 0


def ask(method: str, target: str) -> tuple[int, Any]:
    request = urllib.request.Request(f"{REST_URL}{target}", method=method, headers={"X-MBX-APIKEY": KEY})  # noqa: S310  loopback
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310  loopback
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def balance() -> int:
    """Ask for the balance, signed by this process's own clock; return the status, or the exchange's code."""
    query = f"timestamp={time.time_ns() // 1_000_000 + offset_ms}"
    signature = hmac.new(SECRET.encode(), query.encode(), hashlib.sha256).hexdigest()
    status, body = ask("GET", f"/fapi/v3/balance?{query}&signature={signature}")
    return status if status == 200 else int(body["code"])


def synchronize() -> int:
    global offset_ms  # noqa: PLW0603  the clock of a process is one
    status, body = ask("GET", "/fapi/v1/time")
    offset_ms = body["serverTime"] - time.time_ns() // 1_000_000
    return status


def say(word: str, code: object) -> None:
    sys.stdout.write(f"{word} {code}\n")
    sys.stdout.flush()


async def follow() -> None:
    """Live on one key and one connection after the other."""
    while True:
        _, body = await asyncio.to_thread(ask, "POST", "/fapi/v1/listenKey")
        async with connect(f"{WS_URL}/private/ws?listenKey={body['listenKey']}") as stream:
            say("connected", len(body["listenKey"]))
            try:
                while (event := json.loads(await stream.recv())["e"]) != "listenKeyExpired":
                    say("event", event)
                say("expired", event)
            except ConnectionClosed as error:
                say("closed", error.rcvd.code if error.rcvd else 1006)


async def main() -> None:
    following = asyncio.create_task(follow())
    while line := await asyncio.to_thread(sys.stdin.readline):
        say(line.strip(), await asyncio.to_thread(balance if line.strip() == "balance" else synchronize))
    following.cancel()


if __name__ == "__main__":
    asyncio.run(main())
