"""What happens to stream connections: closed, cut, silenced, refused."""

from __future__ import annotations

from collections.abc import Callable

from simulator.core.frame import close_complaint
from simulator.core.lookup import find_account
from simulator.errors import BadFrameError
from simulator.runtime.connection import StreamConnection
from simulator.runtime.deeds import Deeds

__all__ = ["ConnectionDeeds"]


class ConnectionDeeds(Deeds):
    """Closes, cuts, silences and refuses connections."""

    def close_connections(self, code: int = 1008, reason: str = "", *, account: str | None = None) -> int:
        """Close the user streams with a close frame; return how many. Raises `BadFrameError`."""
        if complaint := close_complaint(code, reason):
            raise BadFrameError(complaint)
        return self._for_each_connection(lambda found: self._floor.streams.close(found, code, reason), account)

    def cut_connections(self, *, account: str | None = None) -> int:
        """Reset the user streams without a close frame; return how many."""
        return self._for_each_connection(lambda found: self._floor.streams.cut(found, ""), account)

    def silence_connections(self, *, account: str | None = None) -> int:
        """Leave the user streams open, answering pings, and deliver nothing on them ever again; return how many."""
        return self._for_each_connection(self._floor.streams.silence, account)

    def refuse_connections(self, times: int = 1, status: int = 503) -> None:
        """Answer the next `times` stream handshakes with this HTTP status."""
        self._floor.streams.refuse(times, status)

    def _for_each_connection(self, act: Callable[[StreamConnection], None], account: str | None) -> int:
        venue = self._floor.venue
        if account is not None:
            find_account(venue.exchange, account)
        chosen = [
            connection
            for connection in self._floor.streams.user_streams()
            if account is None or account in map(venue.listen_keys.owner, connection.subscriptions.listen_keys())
        ]
        for connection in chosen:
            act(connection)
        return len(chosen)
