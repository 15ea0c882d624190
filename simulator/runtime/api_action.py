"""Does what a step of a scenario says to connections to the WebSocket API, and to API keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from simulator.core.scenario import api_action as act

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["perform_on_api"]


def perform_on_api(simulator: Simulator, action: act.OnApi, account: str | None) -> None:
    """Do an action; `account` is the one that it is about where it names none."""
    match action:
        case act.CloseApiConnections():
            simulator.close_api_connections(action.code, action.reason, connection=action.connection)
        case act.CutApiConnections():
            simulator.cut_api_connections(connection=action.connection)
        case act.HalfOpenApiConnections():
            simulator.half_open_api_connections(connection=action.connection)
        case act.RevokeApiKey():
            simulator.revoke_api_key(account=account)
        case act.RestoreApiKey():
            simulator.restore_api_key(account=account)
        case _:
            assert_never(action)
