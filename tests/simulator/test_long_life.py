"""An exchange that is open for long remembers no more than it says, wherever it remembers anything."""

from __future__ import annotations

from tests.simulator.long_life import live

FULL_LATER = {
    "Chart._series",  # a week of minutes, a year of hours, four years of days
    "Exchange.funding_history",  # a thousand of each symbol
    "Journal._entries",  # 50,000
    "Journal._sizes",
    "OpenInterest._ends",  # 30 days
    "SyntheticPast._divided",  # 200 hours or days
    "_Reel.aggregates",  # a thousand of each symbol
    "_Reel.trades",
}
"""What has a bound of its own that hours do not reach."""


async def test_hours_of_trading_pile_up_nowhere() -> None:
    _, early, _, late = await live(hours=4, kept=5)

    assert late.orders - early.orders > 50
    assert late.frames - early.frames > 500
    grown = {name for name, size in late.containers.items() if size > early.containers[name] + 5}
    assert grown <= FULL_LATER
    assert late.containers["Account.orders"] <= 3 * (5 + 1)
    assert late.containers["Account.fills"] <= 3 * (5 + 1)
