"""What a service costs this process: tasks, file descriptors, and the memory that it holds.

Engine and exchange share the process, and the exchange keeps every order, as it must. So memory is counted from the
client's objects on: everything that they refer to, directly or not, is theirs, up to what everybody shares (the event
loop, modules, loggers). Of a run in which the exchange keeps nothing, all blocks of the process are counted.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import types
from collections.abc import Iterator
from contextvars import Context
from pathlib import Path
from typing import NamedTuple

from simulator import Simulator
from tests.scenarios.desk import Desk

__all__ = ["Footprint", "footprint", "forget_the_records", "held_bytes"]

_SHARED = (type, types.ModuleType, types.CodeType, asyncio.AbstractEventLoop, logging.Logger, Context, Simulator)


class Footprint(NamedTuple):
    """`blocks`: pieces of memory that Python has handed out; `held`: bytes that the client's objects hold."""

    tasks: int
    descriptors: int
    blocks: int
    held: int


def forget_the_records(desk: Desk) -> None:
    """Drop what the desk keeps for its assertions: it is no engine's."""
    for record in (desk.orders.deliveries, desk.orders.details, desk.orders.states, desk.said):
        record.clear()


def footprint(desk: Desk) -> Footprint:
    """Measure, with nothing that only waits to be collected."""
    forget_the_records(desk)
    gc.collect()
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    held = held_bytes(desk.service, desk.orders, desk.book)
    gc.collect()
    return Footprint(len(asyncio.all_tasks()), descriptors, sys.getallocatedblocks(), held)


def held_bytes(*roots: object) -> int:
    """Return the bytes of everything that these objects refer to, themselves included."""
    seen: set[int] = set()
    total, left = 0, list(roots)
    while left:
        found = left.pop()
        if id(found) in seen or isinstance(found, _SHARED):
            continue
        seen.add(id(found))
        total += sys.getsizeof(found, 0)
        left.extend(_referents(found))
    return total


def _referents(found: object) -> Iterator[object]:
    """A function is worth what it closes over: its globals are everybody's."""
    if isinstance(found, types.FunctionType):
        yield from (found.__closure__, found.__defaults__, found.__kwdefaults__)
    else:
        yield from gc.get_referents(found)
