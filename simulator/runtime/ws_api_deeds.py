"""What happens to connections to the WebSocket API, and to the API keys that clients ask with.

Deeds on stream connections do not touch these: whoever cuts both says so twice.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

from simulator.core.lookup import find_account
from simulator.core.security.api_keys import ApiKeys
from simulator.core.streams.frame import close_complaint
from simulator.errors import BadFrameError
from simulator.runtime.deeds import Deeds
from simulator.runtime.ws_api import WsApi
from simulator.runtime.ws_api_connection import ApiConnection

__all__ = ["WsApiDeeds"]


class WsApiDeeds(Deeds):
    """Acts on connections to the WebSocket API: on the one with a number, or on all."""

    @property
    @abstractmethod
    def _ws_api(self) -> WsApi: ...

    _api_keys: ApiKeys

    @property
    def api_connections(self) -> Sequence[ApiConnection]:
        """The connections to the WebSocket API that are open now, oldest first."""
        return list(self._ws_api.connections.values())

    def close_api_connections(self, code: int = 1008, reason: str = "", *, connection: int | None = None) -> int:
        """Close them with a close frame; return how many. Raises `BadFrameError`."""
        if complaint := close_complaint(code, reason):
            raise BadFrameError(complaint)
        return self._for_each_api(lambda found: self._ws_api.close(found, code, reason), connection)

    def cut_api_connections(self, *, connection: int | None = None) -> int:
        """Reset them without a close frame; return how many."""
        return self._for_each_api(self._ws_api.cut, connection)

    def half_open_api_connections(self, *, connection: int | None = None) -> int:
        """Leave them half-open: what is sent there is never read, and no byte comes any more; return how many."""
        return self._for_each_api(self._ws_api.freeze, connection)

    def revoke_api_key(self, *, account: str | None = None) -> None:
        """Let the account's API key be unknown (-2015), over REST and the WebSocket API, until it is restored.

        A session that has logged on with it is told so after its next request, and is nobody's from then on.
        """
        owner = find_account(self._floor.venue.exchange, account).name
        self._api_keys.revoke(owner)
        self._floor.chronicle.record("action", account=owner, summary="the API key was revoked")

    def restore_api_key(self, *, account: str | None = None) -> None:
        """Let the account's API key be valid again."""
        owner = find_account(self._floor.venue.exchange, account).name
        self._api_keys.restore(owner)
        self._floor.chronicle.record("action", account=owner, summary="the API key was restored")

    def _for_each_api(self, act: Callable[[ApiConnection], None], number: int | None) -> int:
        chosen = [found for found in self.api_connections if number in {None, found.number}]
        for found in chosen:
            act(found)
        return len(chosen)
