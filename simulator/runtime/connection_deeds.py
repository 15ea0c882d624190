"""What happens to stream connections, closed, cut, silenced, half-open, refused, and to single frames on them."""

from __future__ import annotations

from collections.abc import Callable

from simulator.core.faults.frame_fault import FrameRule, FrameVerdict
from simulator.core.lookup import find_account
from simulator.core.scenario.trigger import EventPattern
from simulator.core.streams.frame import close_complaint
from simulator.errors import BadFrameError
from simulator.runtime.connection import StreamConnection
from simulator.runtime.deeds import Deeds
from simulator.runtime.stream import ControlReplies

__all__ = ["ConnectionDeeds"]


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
        self._floor.streams.refuse(times, status)

    def next_connections_silent(self, times: int = 1, *, control: ControlReplies = "unanswered") -> None:
        """Accept the next `times` user streams, answer their pings, and never deliver an event on them.

        `control` "answered": they answer LIST_SUBSCRIPTIONS with their binding all the same.
        """
        self._floor.streams.welcome(times, lambda found: self._floor.streams.silence(found, control))

    def close_next_connections(self, times: int = 1, code: int = 1008, reason: str = "") -> None:
        """Accept the next `times` user streams, and close each at once with a close frame. Raises `BadFrameError`."""
        _check_close(code, reason)
        self._floor.streams.welcome(times, lambda found: self._floor.streams.close(found, code, reason))

    def on_frame(
        self,
        verdict: FrameVerdict,
        *,
        event: str = "*",
        connection: int | None = None,
        nth: int = 1,
        times: int | None = 1,
        **match: str,
    ) -> FrameRule:
        """Do this to the next `times` frames (None: all) that fit, counted from the `nth` one on.

        `event` is the name of an event, or the method of a control message whose reply is meant
        (`"LIST_SUBSCRIPTIONS"`); `connection` the number of a connection, which may not be open yet. `match` are the
        other fields of `scenario.Event`: `symbol`, `account`, `status`, `execution_type`, `reason`, `client_order_id`.
        Texts may hold `*`, which fits no control message.

        A frame that waits holds up the later ones of its type on its connection, and no others. Rules are asked in the
        order of their installation. The rule that is returned counts its `hits`, can be cancelled, and releases what
        it holds. Raises `TypeError` for a field that no event has.
        """
        pattern = EventPattern(event, **match)  # type: ignore[arg-type]  # words of an enumeration are texts too
        rule = FrameRule(verdict, pattern, connection=connection, nth=nth, times=times)
        self._floor.streams.add_rule(rule)
        return rule

    def release_frames(self) -> None:
        """Release every rule that holds frames: all come at once, and none is held any more."""
        self._floor.streams.release_held()

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
