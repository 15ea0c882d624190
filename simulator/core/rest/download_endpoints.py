"""The endpoints that prepare a history for download: an id at first, a link a little later.

Income, orders and trades each have a pair of them. An id says what was asked for and when; its link is `processing` for
a while, then `completed`, and expires a day later. The link leads nowhere: there is no file behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from simulator.core.rest.params import integer, text
from simulator.core.rest.retention import DAY_MS
from simulator.core.rest.venue_error import START_AFTER_END, VenueError, invalid_parameter, refusal
from simulator.core.venue import Answer, Call, Endpoint, Route, Venue

__all__ = ["ROUTES"]

_PREPARED_MS: Final = 10_000
_LONGEST_MS: Final = 366 * DAY_MS
_AVERAGE_MS: Final = 7_241_837
_DIGITS: Final = 18
_KINDS: Final = ("income", "order", "trade")


def _ask_of(kind: str) -> Endpoint:
    def ask(_venue: Venue, call: Call) -> Answer:
        start, end = integer(call.params, "startTime"), integer(call.params, "endTime")
        if start > end:
            raise refusal(START_AFTER_END)
        if end - start > _LONGEST_MS:
            raise VenueError(-1127, "More than 1 year between startTime and endTime.")
        return Answer({"avgCostTimestampOfLast30d": _AVERAGE_MS, "downloadId": _id_of(kind, call.now_ms)})

    ask.__doc__ = f"GET /fapi/v1/{kind}/asyn."
    return ask


def _link_of(kind: str) -> Endpoint:
    def link(_venue: Venue, call: Call) -> Answer:
        download_id = text(call.params, "downloadId")
        asked_ms = _asked_ms(kind, download_id)
        if asked_ms is None or asked_ms > call.now_ms:
            raise invalid_parameter("downloadId")
        is_ready = call.now_ms - asked_ms >= _PREPARED_MS
        body = {
            "downloadId": download_id,
            "status": "completed" if is_ready else "processing",
            "url": f"www.binance.com/download/{download_id}" if is_ready else "",
            "notified": is_ready,
            "expirationTimestamp": asked_ms + DAY_MS if is_ready else -1,
            "isExpired": "None",
        }
        return Answer(body)

    link.__doc__ = f"GET /fapi/v1/{kind}/asyn/id."
    return link


def _id_of(kind: str, now_ms: int) -> str:
    return f"{_KINDS.index(kind) + 1}{now_ms:0{_DIGITS - 1}}"


def _asked_ms(kind: str, download_id: str) -> int | None:
    """Return when this id was given out, or None when it never was."""
    is_one = len(download_id) == _DIGITS and download_id.isdecimal()
    return int(download_id[1:]) if is_one and download_id.startswith(str(_KINDS.index(kind) + 1)) else None


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    **{("GET", f"/fapi/v1/{kind}/asyn"): Route(_ask_of(kind), "signed", 1000) for kind in _KINDS},
    **{("GET", f"/fapi/v1/{kind}/asyn/id"): Route(_link_of(kind), "signed", 10) for kind in _KINDS},
}
