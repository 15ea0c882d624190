"""The simulator as one object: start it, talk to it over its URLs, and do to it what only the exchange could do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from simulator.core.domain import AccountSpec, SymbolSpec
from simulator.core.fault import RequestRule, Verdict
from simulator.core.journal import Journal, JournalEntry
from simulator.core.profile import Profile

__all__ = ["Simulator"]


class Simulator:
    """A Binance USDⓈ-M futures exchange on one port of this machine."""

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        accounts: Sequence[AccountSpec] = (AccountSpec(),),
        symbols: Sequence[SymbolSpec] = (),
        start_ms: int | None = None,
        seed: int = 0,
        listen_key_lifetime_s: float = 3600.0,
        connection_lifetime_s: float = 86400.0,
        ping_interval_s: float = 180.0,
        pong_timeout_s: float = 600.0,
        profile: Profile | None = None,
    ) -> None:
        raise NotImplementedError

    async def start(self) -> None:
        """Listen, and answer from now on. Raises `PortInUseError`."""
        raise NotImplementedError

    async def stop(self) -> None:
        """Close every connection and listen no more."""
        raise NotImplementedError

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.stop()

    @property
    def rest_url(self) -> str:
        """`http://127.0.0.1:PORT`."""
        raise NotImplementedError

    @property
    def ws_url(self) -> str:
        """`ws://127.0.0.1:PORT`."""
        raise NotImplementedError

    @property
    def account(self) -> AccountSpec:
        """The default account: the first one."""
        raise NotImplementedError

    @property
    def accounts(self) -> tuple[AccountSpec, ...]:
        """All accounts, the default one first."""
        raise NotImplementedError

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of all symbols."""
        raise NotImplementedError

    @property
    def time_ms(self) -> int:
        """The exchange's time now, in ms."""
        raise NotImplementedError

    @property
    def journal(self) -> Journal:
        """Everything that went in and out."""
        raise NotImplementedError

    @property
    def connections(self) -> Sequence[Any]:
        """The user stream connections that are open now."""
        raise NotImplementedError

    def price(self, symbol: str) -> Decimal:
        """Return the symbol's market price."""
        raise NotImplementedError

    def set_price(self, symbol: str, price: str | Decimal) -> None:
        """Move the market: resting LIMIT orders that the price crosses fill as maker, best price first."""
        raise NotImplementedError

    def fill(
        self,
        order: str | int,
        quantity: str | Decimal,
        price: str | Decimal | None = None,
        *,
        account: str | None = None,
    ) -> None:
        """Fill a part, or all, of a resting order as maker, at its own price or at this one."""
        raise NotImplementedError

    def cancel(self, order: str | int, *, account: str | None = None) -> None:
        """Cancel a resting order, as the exchange or another client of the account would."""
        raise NotImplementedError

    def expire(self, order: str | int, *, reason: str = "0", account: str | None = None) -> None:
        """Expire a resting order. `reason` is the wire's `er`, "0" to "9"."""
        raise NotImplementedError

    def transfer(
        self, asset: str, amount: str | Decimal, *, reason: str = "DEPOSIT", account: str | None = None
    ) -> None:
        """Change a wallet, and say so with ACCOUNT_UPDATE. A negative amount takes away."""
        raise NotImplementedError

    def place_external(self, *, account: str | None = None, **order: object) -> int:
        """Place an order as another client of the account would, and return its order id.

        Arguments are those of POST /fapi/v1/order in snake case (`symbol`, `side`, `type`, `quantity`, `price`,
        `client_order_id`, `time_in_force`, `position_side`, `reduce_only`). Raises `VenueError` when it is refused.
        """
        raise NotImplementedError

    def push(self, frame: dict[str, Any] | str | bytes, *, account: str | None = None) -> None:
        """Send any frame to every user stream of the account: an event, bad JSON, or bytes (a binary frame)."""
        raise NotImplementedError

    def expire_listen_key(self, *, account: str | None = None) -> None:
        """End the listen key's lifetime now, in the way the profile says."""
        raise NotImplementedError

    def drop_listen_key(self, *, account: str | None = None) -> None:
        """Kill the listen key without a word: its sockets stay open and silent."""
        raise NotImplementedError

    def close_connections(self, code: int = 1008, reason: str = "", *, account: str | None = None) -> int:
        """Close the stream connections with a close frame; return how many."""
        raise NotImplementedError

    def cut_connections(self, *, account: str | None = None) -> int:
        """Reset the stream connections without a close frame; return how many."""
        raise NotImplementedError

    def silence_connections(self, *, account: str | None = None) -> int:
        """Leave the connections open, answering pings, and deliver nothing on them ever again; return how many."""
        raise NotImplementedError

    def refuse_connections(self, times: int = 1, status: int = 503) -> None:
        """Answer the next stream handshakes with this HTTP status."""
        raise NotImplementedError

    def on_request(
        self, method: str, path: str, verdict: Verdict, *, times: int | None = 1, **match: object
    ) -> RequestRule:
        """Give the next `times` requests (None: all) with this method, path and parameters a scripted answer."""
        raise NotImplementedError

    def subscribe(self, callback: Callable[[JournalEntry], None]) -> Callable[[], None]:
        """Call back with everything that happens, in order, from now on; return what ends the subscription.

        A callback may act on the simulator. It is called when what happened is complete: never between two events of
        one match.
        """
        raise NotImplementedError

    async def wait_for(self, predicate: Callable[[Self], bool], timeout_s: float) -> None:
        """Wait until `predicate(simulator)` holds; it is asked again after each thing that happens.

        Raises `TimeoutError` after `timeout_s` seconds of the loop's time.
        """
        raise NotImplementedError

    def state(self) -> dict[str, Any]:
        """Return the exchange's truth as plain data: orders, trades, positions, balances, prices. Keys are masked."""
        raise NotImplementedError

    def reset(self) -> None:
        """Return to the start: connections closed; orders, trades, positions, balances, keys, rules and prices anew."""
        raise NotImplementedError
