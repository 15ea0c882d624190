"""Connections are found by what they listen to, and by nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

from simulator.core.profile import Profile
from simulator.core.streams.stream_target import read_target
from simulator.core.streams.subscriptions import Subscriptions
from simulator.runtime.clock import Clock
from simulator.runtime.connection import StreamConnection
from simulator.runtime.roster import Roster

KEY = "k" * 64


def opened(number: int, path: str, query: str = "") -> StreamConnection:
    target = read_target(path, query)
    assert target is not None
    silent: Any = None  # nobody is told anything here
    subscriptions = Subscriptions(target, Profile().silent_forms, "wrapped")
    return StreamConnection(
        number=number, root=target.root, subscriptions=subscriptions, clock=Clock(0), listener=silent
    )


async def test_a_key_and_a_stream_find_those_that_named_them_in_the_order_of_opening() -> None:
    roster = Roster()
    for number, path in enumerate((f"/ws/{KEY}/btcusdt@depth", f"/private/ws/{KEY}", "/public/ws/btcusdt@depth"), 1):
        roster.add(opened(number, path))

    assert [found.number for found in roster.of_key(KEY)] == [1, 2]
    assert [found.number for found in roster.of_stream("btcusdt@depth")] == [1, 3]
    assert roster.of_key("nobody") == []
    assert set(roster.watched) == {"btcusdt@depth"}


async def test_a_stream_of_another_class_finds_nobody() -> None:
    roster = Roster()
    roster.add(opened(1, "/market/ws/btcusdt@depth/btcusdt@aggTrade"))
    roster.add(opened(2, "/private/ws/btcusdt@aggTrade"))

    assert set(roster.watched) == {"btcusdt@aggTrade"}
    assert [found.number for found in roster.of_stream("btcusdt@aggTrade")] == [1]


async def test_what_is_removed_or_unsubscribed_is_found_no_more_and_leaves_nothing_behind() -> None:
    roster = Roster()
    first, second = opened(1, f"/ws/{KEY}"), opened(2, f"/ws/{KEY}/btcusdt@depth")
    roster.add(first)
    roster.add(second)
    second.subscriptions.answer(f'{{"method":"UNSUBSCRIBE","params":["{KEY}"],"id":1}}')
    roster.index(second)

    assert roster.of_key(KEY) == [first]
    assert roster.remove(first)
    assert not roster.remove(first)
    assert roster.remove(second)
    assert (roster.connections, roster.of_key(KEY), set(roster.watched)) == ({}, [], set())
    await asyncio.sleep(0)
