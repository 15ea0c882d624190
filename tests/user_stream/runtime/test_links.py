"""The life of one connection, as whoever keeps it up sees it."""

from __future__ import annotations

import asyncio
import gc
from typing import Any, NoReturn

import pytest

from user_stream.errors import ApiKeyRefusedError, UnreachableError
from user_stream.runtime.links import Link


async def unreachable() -> NoReturn:
    raise UnreachableError("no answer")


async def refused() -> NoReturn:
    raise ApiKeyRefusedError


async def test_end_that_nobody_waits_for_is_no_complaint_of_the_loop() -> None:
    complaints: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    link = Link(1, 1)
    link.start(unreachable)
    await asyncio.sleep(1)
    del link
    gc.collect()

    assert complaints == []


async def test_end_that_may_go_better_next_time_is_an_end_and_a_fatal_one_is_raised() -> None:
    link = Link(1, 1)
    link.start(unreachable)
    await link.ended()
    assert not link.stands

    link.start(refused)
    with pytest.raises(ApiKeyRefusedError):
        await link.ended()
