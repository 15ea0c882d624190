"""Does what a step of a scenario says to the market."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from simulator.core.market.price_path import parse_path
from simulator.core.scenario import market_action as act

if TYPE_CHECKING:
    from simulator.runtime.server import Simulator

__all__ = ["perform_on_market"]


def perform_on_market(simulator: Simulator, action: act.OnMarket) -> None:
    """Do an action. A path is never read from a file: a scenario may come from elsewhere."""
    match action:
        case act.SetPrice():
            simulator.set_price(action.symbol, action.price)
        case act.SetMark():
            simulator.set_mark(action.symbol, action.mark, action.index)
        case act.SetDepth():
            levels = None if action.levels is None else [(size, price) for price, size in action.levels.items()]
            simulator.set_depth(action.symbol, levels)
        case act.FollowPath():
            simulator.follow_path(action.symbol, parse_path(action.path))
        case act.SetFundingRate():
            simulator.set_funding_rate(action.symbol, action.rate)
        case act.SetStatus():
            simulator.set_status(action.symbol, action.status)
        case act.Delist():
            simulator.delist(action.symbol, action.price)
        case _:
            assert_never(action)
