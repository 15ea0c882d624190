"""How a listen key ends without its owner's doing: its hour is over, it is dropped, another process replaces it."""

from __future__ import annotations

from simulator.core.facts import Fact, ListenKeyAnnounced
from simulator.core.lookup import find_account
from simulator.core.profile import ListenKeyEnd
from simulator.errors import NoListenKeyError
from simulator.runtime.deeds import Deeds

__all__ = ["ListenKeyDeeds"]


class ListenKeyDeeds(Deeds):
    """Ends listen keys. Every method raises `NoListenKeyError` when the account has no living one."""

    def expire_listen_key(
        self, *, account: str | None = None, announce: bool | None = None, twice_after_ms: int | None = None
    ) -> None:
        """End the listen key's lifetime now.

        `announce` says whether `listenKeyExpired` is sent; None leaves it to the profile. With `twice_after_ms` it is
        sent again so many ms later.
        """
        ended = self._end("expired", account, announce=announce)
        if twice_after_ms is not None:
            name = find_account(self._floor.venue.exchange, account).name
            self._floor.later(twice_after_ms, lambda now_ms: [_announced(name, ended, now_ms)])

    def drop_listen_key(self, *, account: str | None = None) -> None:
        """Kill the listen key without a word: its sockets stay open and silent."""
        self._end("dropped", account)

    def replace_listen_key(self, *, account: str | None = None) -> None:
        """Let another process of the account DELETE the listen key and POST a new one.

        From then on PUT and POST answer with the new key, and the sockets of the old one see what the profile says of
        a deleted key: in the regular case nothing, for ever.
        """
        self._end("deleted", account)
        floor = self._floor
        name = find_account(floor.venue.exchange, account).name
        floor.venue.listen_keys.issue(name, floor.clock.time_ms())
        floor.set_alarm()

    def _end(self, cause: ListenKeyEnd, account: str | None, *, announce: bool | None = None) -> str:
        """Kill the account's key, and return it."""
        venue = self._floor.venue
        name = find_account(venue.exchange, account).name
        listen_key = venue.listen_keys.current(name)
        if listen_key is None:
            raise NoListenKeyError(name)
        self._floor.act(
            "action", f"listen key {cause}", lambda now_ms: venue.end_listen_key(name, cause, now_ms, announce=announce)
        )
        return listen_key


def _announced(account: str, listen_key: str, now_ms: int) -> Fact:
    return ListenKeyAnnounced(account=account, time_ms=now_ms, listen_key=listen_key)
