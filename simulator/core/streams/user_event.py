"""One frame of a user stream, before it has bytes."""

from __future__ import annotations

from typing import Any

import msgspec

from simulator.core.facts import Fact

__all__ = ["UserEvent", "user_event"]


class UserEvent(msgspec.Struct, frozen=True):
    """One frame for the streams of an account, or of the one listen key that it names; `summary` is for people."""

    account: str
    name: str
    body: dict[str, Any]
    summary: str
    listen_key: str = ""


def user_event(fact: Fact, name: str, content: dict[str, Any], summary: str) -> UserEvent:
    """Return the frame that tells a fact, with the fact's time as transaction time and event time."""
    return UserEvent(fact.account, name, {"e": name, "T": fact.time_ms, "E": fact.time_ms, **content}, summary)
