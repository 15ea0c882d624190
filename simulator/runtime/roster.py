"""Which connections are open, and which of them named what: a listen key, or a market stream.

Whoever publishes asks by name, so that an event costs no look at the connections that did not ask for it. What nobody
listens to is not even made: `watched` says which market streams are, and `on_watched` is called when that changes.
"""

from __future__ import annotations

from collections.abc import Callable, KeysView

from simulator.runtime.connection import StreamConnection

__all__ = ["Roster"]


class Roster:
    """The open connections, by number, by listen key and by market stream, each in the order of opening."""

    def __init__(self) -> None:
        self.connections: dict[int, StreamConnection] = {}
        self.on_watched: Callable[[], None] = lambda: None
        self._keys = _Index()
        self._streams = _Index()

    @property
    def watched(self) -> KeysView[str]:
        """The names of all market streams that some connection listens to."""
        return self._streams.found.keys()

    def add(self, connection: StreamConnection) -> set[str]:
        """Take in a connection that was opened; return the market streams that it listens to."""
        self.connections[connection.number] = connection
        return self.index(connection)

    def index(self, connection: StreamConnection) -> set[str]:
        """Look anew at what a connection has subscribed to; return the market streams that it did not listen to."""
        self._keys.put(connection, connection.subscriptions.listen_keys())
        before = self._streams.names_of(connection)
        streams = connection.subscriptions.market_streams()
        if self._streams.put(connection, streams):
            self.on_watched()
        return streams - before

    def remove(self, connection: StreamConnection) -> bool:
        """Forget a connection; return whether it was there."""
        if self.connections.pop(connection.number, None) is None:
            return False
        self._keys.put(connection, set())
        if self._streams.put(connection, set()):
            self.on_watched()
        return True

    def of_key(self, listen_key: str) -> list[StreamConnection]:
        """Return the connections that name this listen key."""
        return list(self._keys.found.get(listen_key, {}).values())

    def of_stream(self, name: str) -> list[StreamConnection]:
        """Return the connections that listen to this market stream, and may."""
        return list(self._streams.found.get(name, {}).values())


class _Index:
    def __init__(self) -> None:
        self.found: dict[str, dict[int, StreamConnection]] = {}
        self._names_of: dict[int, frozenset[str]] = {}

    def names_of(self, connection: StreamConnection) -> frozenset[str]:
        return self._names_of.get(connection.number, _NO_NAMES)

    def put(self, connection: StreamConnection, names: set[str]) -> bool:
        """Find a connection by these names and no others; return whether a name came or went altogether."""
        before = self._names_of.pop(connection.number, _NO_NAMES)
        if names:
            self._names_of[connection.number] = frozenset(names)
        changed = False
        for name in before - names:
            del self.found[name][connection.number]
            if not self.found[name]:
                del self.found[name]
                changed = True
        for name in sorted(names - before):  # in the same order in every process
            changed |= name not in self.found
            self.found.setdefault(name, {})[connection.number] = connection
        return changed


_NO_NAMES: frozenset[str] = frozenset()
