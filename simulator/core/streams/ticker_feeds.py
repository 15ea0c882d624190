"""Feeds of prices and statistics that are told regularly, and of several symbols at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from simulator.core.market.trading_sessions import SESSION_EVENTS
from simulator.core.rest.market_bodies import margin_assets
from simulator.core.streams.market_events import asset_index_event, session_event
from simulator.core.streams.market_feed import Feed, Moment
from simulator.core.trading.exchange import Exchange

__all__ = ["AssetIndexFeed", "ChangesFeed", "RegularFeed", "SessionFeed", "WholeMarketFeed"]

SymbolEvent = Callable[[Exchange, str, int], dict[str, Any]]


class RegularFeed(Feed):
    """An event of one symbol, in every period."""

    is_regular: ClassVar[bool] = True

    def __init__(self, symbol: str, period_ms: int, event: SymbolEvent) -> None:
        super().__init__(symbol, period_ms)
        self._event = event

    def bodies(self, moment: Moment) -> list[Any]:
        """Return how it is."""
        return [self._event(moment.exchange, self.symbol, moment.now_ms)]


class WholeMarketFeed(Feed):
    """A list with the events of all symbols, in every period."""

    is_regular: ClassVar[bool] = True

    def __init__(self, period_ms: int, event: SymbolEvent) -> None:
        super().__init__("", period_ms)
        self._event = event

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the list."""
        return [[self._event(moment.exchange, symbol, moment.now_ms) for symbol in moment.exchange.symbols]]


class ChangesFeed(Feed):
    """A list with the events of the symbols that anything happened to in a period; none when nothing did."""

    def __init__(self, period_ms: int, event: SymbolEvent) -> None:
        super().__init__("", period_ms)
        self._event = event

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the list."""
        symbols = [symbol for symbol in moment.exchange.symbols if symbol in moment.changed]
        return [[self._event(moment.exchange, symbol, moment.now_ms) for symbol in symbols]] if symbols else []

    def greeting(self, moment: Moment) -> list[Any]:
        """Return a list with the events of all symbols."""
        return self.bodies(moment._replace(changed=moment.exchange.symbols))


class AssetIndexFeed(Feed):
    """The index of one asset every second, or a list of all."""

    is_regular: ClassVar[bool] = True

    def __init__(self, asset: str) -> None:
        super().__init__("", 1000)
        self._asset = asset

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the index, or the list."""
        if self._asset:
            return [asset_index_event(moment.exchange, self._asset, moment.now_ms)]
        assets = margin_assets(moment.exchange)
        return [[asset_index_event(moment.exchange, asset, moment.now_ms) for asset in assets]]


class SessionFeed(Feed):
    """The sessions of stocks and commodities, every second."""

    is_regular: ClassVar[bool] = True

    def __init__(self) -> None:
        super().__init__("", 1000)

    def bodies(self, moment: Moment) -> list[Any]:
        """Return the sessions."""
        return [session_event(market, moment.now_ms) for market in SESSION_EVENTS]
