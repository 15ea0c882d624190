"""When stocks and commodities are traded where they are at home: GET tradingSchedule and the stream `tradingSession`.

Their perpetuals trade all the time; the sessions say how. A stock's day is, in UTC and New York's winter time all year,
overnight until 8:00, pre-market until 13:30, regular until 20:00, after-market until midnight; a commodity is in its
regular session day and night. Saturday and Sunday there is no trading. Holidays are not known here.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from simulator.core.market.klines import DAY_MS, HOUR_MS

__all__ = ["SESSION_EVENTS", "Session", "session_at", "trading_schedule"]

SESSION_EVENTS: Final = {"EQUITY": "EquityUpdate", "COMMODITY": "CommodityUpdate"}
"""The markets, and what the event is called that tells their session."""

_NO_TRADING: Final = "NO_TRADING"
_STOCK_DAY: Final = (
    (0, "OVERNIGHT"),
    (8 * HOUR_MS, "PRE_MARKET"),
    (27 * HOUR_MS // 2, "REGULAR"),
    (20 * HOUR_MS, "AFTER_MARKET"),
)
_FIRST_MONDAY_MS: Final = 4 * DAY_MS
_WEEK_MS: Final = 7 * DAY_MS
_WEEKEND_MS: Final = 5 * DAY_MS


class Session(NamedTuple):
    """A session, from its first ms to that of the next one."""

    start_ms: int
    end_ms: int
    type: str


def session_at(market: str, time_ms: int) -> Session:
    """Return the session that a market is in."""
    return next(session for session in _week(market, time_ms) if time_ms < session.end_ms)


def trading_schedule(now_ms: int) -> dict[str, Any]:
    """Return the sessions of this week and the next one."""
    return {
        "updateTime": _monday(now_ms),
        "marketSchedules": {
            market: {
                "sessions": [
                    {"startTime": session.start_ms, "endTime": session.end_ms, "type": session.type}
                    for week_ms in (now_ms, now_ms + _WEEK_MS)
                    for session in _week(market, week_ms)
                ]
            }
            for market in SESSION_EVENTS
        },
    }


def _monday(time_ms: int) -> int:
    return (time_ms - _FIRST_MONDAY_MS) // _WEEK_MS * _WEEK_MS + _FIRST_MONDAY_MS


def _week(market: str, time_ms: int) -> list[Session]:
    monday_ms = _monday(time_ms)
    weekend = Session(monday_ms + _WEEKEND_MS, monday_ms + _WEEK_MS, _NO_TRADING)
    if market == "COMMODITY":
        return [Session(monday_ms, weekend.start_ms, "REGULAR"), weekend]
    sessions = []
    for day_ms in range(monday_ms, weekend.start_ms, DAY_MS):
        ends = [*(start for start, _ in _STOCK_DAY[1:]), DAY_MS]
        sessions += [
            Session(day_ms + start, day_ms + end, kind) for (start, kind), end in zip(_STOCK_DAY, ends, strict=True)
        ]
    return [*sessions, weekend]
