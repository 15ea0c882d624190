"""What happens to stream connections, closed, cut, silenced, half-open, refused, and to single frames on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import structs

from simulator.core.faults.rule import Installed, Rule
from simulator.core.faults.verdict import Close, RefuseThenAccept, Silence, Verdict
from simulator.core.lookup import find_account
from simulator.core.streams.frame import close_complaint
from simulator.errors import BadFrameError
from simulator.runtime.connection import ControlReplies, StreamConnection
from simulator.runtime.deeds import Deeds

__all__ = ["ConnectionDeeds"]

_FIELDS: Final = frozenset({"symbol", "account", "status", "execution_type", "reason", "client_order_id"})
"""By what `on_frame` tells events apart, besides their names."""


class ConnectionDeeds(Deeds):
    """Acts on connections: of one account, the one with a number, or all; and on those that will be opened next."""

    def close_connections(
        self, code: int = 1008, reason: str = "", *, account: str | None = None, connection: int | None = None
    ) -> int:
        """Close the user streams with a close frame; return how many. Raises `BadFrameError`."""
        _check_close(code, reason)
        return self._for_each(lambda found: self._floor.streams.close(found, code, reason), account, connection)

    def cut_connections(self, *, account: str | None = None, connection: int | None = None) -> int:
        """Reset the user streams without a close frame; return how many."""
        return self._for_each(lambda found: self._floor.streams.cut(found, ""), account, connection)

    def silence_connections(
        self, *, account: str | None = None, connection: int | None = None, control: ControlReplies = "unanswered"
    ) -> int:
        """Leave the user streams open, answering pings, and deliver no event on them ever again; return how many."""
        return self._for_each(lambda found: self._floor.streams.silence(found, control), account, connection)

    def half_open_connections(self, *, account: str | None = None, connection: int | None = None) -> int:
        """Leave the user streams half-open: no byte comes any more, no pong, no close frame, no FIN; return how many.

        What the client sends, a ping or a close frame, is never read.
        """
        return self._for_each(self._floor.streams.freeze, account, connection)

    def refuse_connections(self, times: int = 1, status: int = 503) -> None:
        """Answer the next `times` stream handshakes with this HTTP status."""
        self._expect(times, Rule(on="handshake", event="*_stream", verdict=RefuseThenAccept(status, max(1, times))))

    def next_connections_silent(self, times: int = 1, *, control: ControlReplies = "unanswered") -> None:
        """Accept the next `times` user streams, answer their pings, and never deliver an event on them.

        `control` "answered": they answer LIST_SUBSCRIPTIONS with their binding all the same.
        """
        self._expect(times, Rule(on="connection", event="user_stream", verdict=Silence(control), times=max(1, times)))

    def close_next_connections(self, times: int = 1, code: int = 1008, reason: str = "") -> None:
        """Accept the next `times` user streams, and close each at once with a close frame. Raises `BadFrameError`."""
        _check_close(code, reason)
        verdict = Close(code, reason)
        self._expect(times, Rule(on="connection", event="user_stream", verdict=verdict, times=max(1, times)))

    def on_frame(
        self,
        verdict: Verdict,
        *,
        event: str = "*",
        connection: int | None = None,
        nth: int = 1,
        times: int | None = 1,
        **match: str,
    ) -> Installed:
        """Do this to the next `times` frames (None: all) that fit, counted from the `nth` one on.

        A short way to `faults.install`. `event` is the name of an event, or the method of a control message whose reply
        is meant (`"LIST_SUBSCRIPTIONS"`); `connection` the number of a connection, which may not be open yet. `match`
        are the other fields of `scenario.Event`: `symbol`, `account`, `status`, `execution_type`, `reason`,
        `client_order_id`. Texts may hold `*`, which fits no control message.

        A frame that waits holds up the later ones of its type on its connection, and no others. Rules are asked in the
        order of their installation. The rule that is returned counts its `hits`, can be cancelled, and releases what
        it holds. Raises `TypeError` for a field that no event has, `BadFaultError` for what no frame can suffer.
        """
        if strange := match.keys() - _FIELDS:
            message = f"an event is not told apart by {', '.join(sorted(strange))}, but by {', '.join(sorted(_FIELDS))}"
            raise TypeError(message)
        order = match.pop("client_order_id", "")
        rule = Rule(on="frame", verdict=verdict, event=event, connection=connection or 0, nth=nth, times=times)
        return self._floor.streams.install(structs.replace(rule, order=order, **match))

    def release_frames(self) -> None:
        """Release every rule that holds frames: all come at once, and none is held any more."""
        self._floor.streams.release_held()

    def _expect(self, times: int, rule: Rule) -> None:
        if times > 0:
            self._floor.streams.install(rule)

    def _for_each(self, act: Callable[[StreamConnection], None], account: str | None, number: int | None) -> int:
        venue = self._floor.venue
        if account is not None:
            find_account(venue.exchange, account)
        chosen = [
            connection
            for connection in self._floor.streams.user_streams()
            if number in {None, connection.number}
            and (account is None or account in map(venue.listen_keys.owner, connection.subscriptions.listen_keys()))
        ]
        for connection in chosen:
            act(connection)
        return len(chosen)


def _check_close(code: int, reason: str) -> None:
    if complaint := close_complaint(code, reason):
        raise BadFrameError(complaint)
