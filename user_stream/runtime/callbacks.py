"""Callbacks that may be plain or coroutine functions."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable

__all__ = ["call"]


async def call(callback: Callable[..., Awaitable[None] | None] | None, *args: object) -> None:
    """Call a callback, if there is one, and await what it returns."""
    if callback is None:
        return
    result = callback(*args)
    if inspect.isawaitable(result):
        await result
