"""The adapter: what an engine has to show of itself to be tried in the laboratory.

A factory makes one life of the engine for one account of one exchange. A life is started, told to trade, and asked
what it believes; then it ends, properly (`stop`) or by a crash, after which nothing of it runs any more, and the
factory makes the next one. What outlives it is what it wrote into `Exchange.directory`.

    class MyEngine:
        def __init__(self, exchange: Exchange) -> None: ...
        async def start(self) -> None: ...                 # returns when it trades
        async def stop(self) -> None: ...
        async def place(self, order: EnginePlace) -> None: ...
        async def cancel(self, symbol: str, client_order_id: str) -> None: ...
        def orders(self) -> Iterable[OrderSeen]: ...
        def fills(self) -> Iterable[FillSeen]: ...
        def positions(self) -> Iterable[PositionSeen]: ...

    $ simulator chaos --engine my_package.my_module:MyEngine

That is all. An engine that does more shows it by having the methods of the protocols below; what it does not have, is
not asked of it, and no run has steps for it: somebody else on the account does them instead.

Everything has to live on the running event loop, on `asyncio` and libraries that use it: real time, threads that wait
and other processes do not exist in here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

from simulator.core.scenario.engine_action import EngineAmend, EnginePlace, EnginePlaceAlgo

__all__ = [
    "Abandons",
    "Amends",
    "CancelsAll",
    "Engine",
    "EngineFactory",
    "Exchange",
    "FillSeen",
    "FindsOrder",
    "KeepsLaw",
    "Liveness",
    "OrderSeen",
    "PlacesAlgo",
    "PositionSeen",
    "Remembers",
    "ShowsBalances",
    "TellsLiveness",
]


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Where a life trades, and what it has."""

    rest_url: str
    ws_url: str
    api_key: str
    api_secret: str = field(repr=False)
    directory: Path
    """Empty in the first life; what a life writes here is there in the next one."""
    life: int
    """1 for the first."""
    seed: int
    """Whatever the engine draws (jitter, ids), it has to draw from this and `life`, or no run can be replayed."""
    settings: Mapping[str, str] = field(default_factory=dict)
    """What the scenario's laboratory says of the engine: drawn runs set the five that docs/chaos.md names, others by
    chance; a scenario sets only what its `engine` has.
    """


@dataclass(frozen=True)
class OrderSeen:
    """An order as the engine believes it to be."""

    symbol: str
    order_id: str
    """The exchange's, never "". A conditional order has one only once it has sent an order: that order's."""
    client_order_id: str
    status: str
    """As on the wire: NEW, PARTIALLY_FILLED, FILLED, CANCELED, EXPIRED, EXPIRED_IN_MATCH, REJECTED; "" when unknown."""
    executed_quantity: Decimal
    average_price: Decimal | None = None
    """None: the engine does not keep it."""
    quantity: Decimal | None = None
    """What is ordered, in the base asset, after amendments; None: the engine does not keep it."""
    price: Decimal | None = None
    """The limit, in the quote asset, after amendments, 0 without one; None: the engine does not keep it."""


@dataclass(frozen=True)
class FillSeen:
    """A fill as this life of the engine was told of it, in the order of telling."""

    symbol: str
    order_id: str
    trade_id: int
    quantity: Decimal
    price: Decimal
    redelivered: bool = False
    """The engine itself says that an earlier life may have been told the same."""


@dataclass(frozen=True)
class PositionSeen:
    """A position that is not zero."""

    symbol: str
    position_side: str
    amount: Decimal
    entry_price: Decimal | None = None
    """None: the engine does not keep it."""


@dataclass(frozen=True)
class Liveness:
    """What an engine promises at this moment: whatever is older than `bound_s` on the exchange, it has been told."""

    bound_s: float


class Engine(Protocol):
    """One life of an engine."""

    async def start(self) -> None:
        """Begin, and return when it may be told to trade. It may take as long as it likes."""

    async def stop(self) -> None:
        """End properly."""

    async def place(self, order: EnginePlace) -> None:
        """Place an order under its `client_order_id`. Whatever is raised is the engine's answer, and no failure."""

    async def cancel(self, symbol: str, client_order_id: str) -> None:
        """Cancel an order."""

    def orders(self) -> Iterable[OrderSeen]:
        """Return every order that the engine knows, others' of its account too.

        A conditional order only once it has sent one; what waits belongs in `waiting_algo_orders`.
        """

    def fills(self) -> Iterable[FillSeen]:
        """Return every fill that this life was told, in the order of telling."""

    def positions(self) -> Iterable[PositionSeen]:
        """Return the positions that are not zero."""


EngineFactory: TypeAlias = Callable[[Exchange], Engine]
"""Makes the next life."""


@runtime_checkable
class Amends(Protocol):
    """An engine that gives its orders other terms."""

    async def amend(self, change: EngineAmend) -> None:
        """Amend an order."""


@runtime_checkable
class CancelsAll(Protocol):
    """An engine that empties a symbol's books."""

    async def cancel_all(self, symbol: str) -> None:
        """Cancel every open order of a symbol."""


@runtime_checkable
class PlacesAlgo(Protocol):
    """An engine that places conditional orders."""

    async def place_algo(self, order: EnginePlaceAlgo) -> None:
        """Place a conditional order."""

    async def cancel_algo(self, symbol: str, client_order_id: str) -> None:
        """Cancel a conditional order."""

    def waiting_algo_orders(self) -> Iterable[str]:
        """Return the client ids of the conditional orders that wait for their price."""


@runtime_checkable
class ShowsBalances(Protocol):
    """An engine that knows what it owns."""

    def balances(self) -> Mapping[str, Decimal]:
        """Return the wallet balance of each asset."""


@runtime_checkable
class TellsLiveness(Protocol):
    """An engine that says when it is sure."""

    def liveness(self) -> Liveness | None:
        """Return what it promises now; None: nothing, it knows that it may be behind."""


@runtime_checkable
class FindsOrder(Protocol):
    """An engine that finds an order without showing all of them: asked often, on days with many."""

    def order(self, symbol: str, order_id: str) -> OrderSeen | None:
        """Return an order as it is in `orders`; None when it is not."""


@runtime_checkable
class Remembers(Protocol):
    """An engine whose lives go on where the one before ended: over all of them each fill is told.

    Of any other engine's next life nothing is asked that happened before it was ready, but how open orders stand.
    """

    def redelivered_at_most(self) -> int | None:
        """Return how many fills may be told twice after a crash; None: this life remembers nothing, after all."""


@runtime_checkable
class KeepsLaw(Protocol):
    """An engine that checks what it is told when it is told."""

    def breaches(self) -> Iterable[str]:
        """Return what this life was told that must not be told: backwards, twice, out of order. A line each."""

    def gaps_declared(self) -> Iterable[tuple[str, str]]:
        """Return the (symbol, order id) of orders of which fills were said to be missing: they may come late."""


@runtime_checkable
class Abandons(Protocol):
    """An engine that holds what the operating system takes from a process that dies: locks of files."""

    def abandon(self) -> None:
        """Let go of it, and write nothing: this life has just been killed."""
