"""What a step of a scenario does to connections to the WebSocket API, and to the API keys that clients ask with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from simulator.core.scenario.notation import AccountName

__all__ = [
    "CloseApiConnections",
    "CutApiConnections",
    "HalfOpenApiConnections",
    "OnApi",
    "RestoreApiKey",
    "RevokeApiKey",
]


@dataclass(frozen=True, kw_only=True)
class CloseApiConnections:
    """Closes connections to the WebSocket API with a close frame."""

    code: int = 1008
    reason: str = ""
    connection: int | None = None
    """The number of the only one, 1 for the first that was opened; left out, all."""


@dataclass(frozen=True, kw_only=True)
class CutApiConnections:
    """Cuts connections to the WebSocket API: a TCP reset, without a close frame."""

    connection: int | None = None


@dataclass(frozen=True, kw_only=True)
class HalfOpenApiConnections:
    """Leaves connections to the WebSocket API half-open: nothing is read there, and no byte comes any more."""

    connection: int | None = None


@dataclass(frozen=True, kw_only=True)
class RevokeApiKey:
    """Lets the account's API key be unknown (-2015), over REST and the WebSocket API."""

    account: AccountName | None = None


@dataclass(frozen=True, kw_only=True)
class RestoreApiKey:
    """Lets the account's API key be valid again."""

    account: AccountName | None = None


OnApi: TypeAlias = CloseApiConnections | CutApiConnections | HalfOpenApiConnections | RevokeApiKey | RestoreApiKey
