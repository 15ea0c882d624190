"""The simulator as one object: start it, talk to it over its URLs, and do to it what only the exchange could do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from types import TracebackType
from typing import Any, Self

from simulator.core.amounts import decimal_amount
from simulator.core.configuration import check_market
from simulator.core.domain import AccountSpec, SymbolSpec
from simulator.core.external import external_params
from simulator.core.fault import RequestRule, Verdict
from simulator.core.frame import close_complaint
from simulator.core.journal import Journal, JournalEntry
from simulator.core.lookup import (
    find_account,
    find_open_order,
    find_symbol,
    possible_fill,
    possible_price,
)
from simulator.core.profile import ListenKeyEnd, Profile
from simulator.core.scenario import Scenario
from simulator.core.state import venue_state
from simulator.core.symbols import DEFAULT_SYMBOLS
from simulator.core.trading_endpoints import place
from simulator.core.venue import Venue
from simulator.errors import BadFrameError, NoListenKeyError, NotRunningError
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock
from simulator.runtime.connection import ConnectionRules, StreamConnection
from simulator.runtime.control import Control
from simulator.runtime.floor import Floor
from simulator.runtime.listener import Listener
from simulator.runtime.reception import Reception
from simulator.runtime.rest import RestInterface
from simulator.runtime.script import ScenarioRun
from simulator.runtime.stream import Streams

__all__ = ["Simulator"]


class Simulator:
    """A Binance USDⓈ-M futures exchange on one port of this machine.

    Args:
        port: where to listen; 0 means any free port.
        host: the address to listen on. Anything but loopback lets others in.
        accounts: who may trade; the first one is the default account.
        symbols: the market.
        start_ms: the exchange's time at the start, in ms; None means the wall clock's. It advances with the event loop.
        seed: listen keys and generated client order ids are functions of it.
        listen_key_lifetime_s: how long a listen key lives after its last POST or PUT.
        connection_lifetime_s: after how long a stream connection is closed.
        ping_interval_s: how often a stream connection is pinged.
        pong_timeout_s: how late a pong may be before the connection is closed.
        profile: which of Binance's undocumented behaviours to show.

    Raises `ConfigurationError` or `BadAmountError` when no market can be opened with these accounts and symbols.
    Every method but `start`, `stop` and `wait_for` returns at once, with its events already written to the sockets.
    Where a method takes `account`, None means the default account; on connections it means those of all accounts.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        accounts: Sequence[AccountSpec] = (AccountSpec(),),
        symbols: Sequence[SymbolSpec] = DEFAULT_SYMBOLS,
        start_ms: int | None = None,
        seed: int = 0,
        listen_key_lifetime_s: float = 3600.0,
        connection_lifetime_s: float = 86400.0,
        ping_interval_s: float = 180.0,
        pong_timeout_s: float = 600.0,
        profile: Profile | None = None,
    ) -> None:
        check_market(accounts, symbols)
        self.host = host
        self.port = port
        self.accounts = tuple(accounts)
        self.journal = Journal()
        self.profile = profile or Profile()
        self._symbols = tuple(symbols)
        self._start_ms = start_ms
        self._seed = seed
        self._listen_key_lifetime_ms = round(listen_key_lifetime_s * 1000)
        self._connection_rules = ConnectionRules(
            lifetime_s=connection_lifetime_s, ping_interval_s=ping_interval_s, pong_timeout_s=pong_timeout_s
        )
        self._listener: Listener | None = None
        self._opened: Floor | None = None
        self._control: Control | None = None
        self._request_rules: list[RequestRule] = []

    def __repr__(self) -> str:
        return f"<Simulator {self.rest_url if self._opened else 'not running'}>"

    async def start(self) -> None:
        """Listen, and answer from now on. Raises `PortInUseError`."""
        clock = Clock(self._start_ms)
        chronicle = Chronicle(self.journal, clock)
        streams = Streams(chronicle, clock, self.profile, self._connection_rules)
        floor = Floor(self._new_venue(), clock, chronicle, streams)
        rest = RestInterface(floor, self.accounts, self._request_rules)
        control = Control(self)
        reception = Reception(chronicle, rest, streams, control)
        listener = Listener(reception.receive, reception.note)
        self.port = await listener.open(self.host, self.port)
        self._listener, self._opened, self._control = listener, floor, control

    async def stop(self) -> None:
        """Close every connection and listen no more. Raises what subscribers raised, as an `ExceptionGroup`."""
        if self._opened is None or self._listener is None or self._control is None:
            return
        self._control.stop()
        floor, self._opened = self._opened, None
        floor.stop()
        await floor.streams.stop()
        await self._listener.close()
        if floor.chronicle.failures:
            message = "the simulator or its subscribers failed"
            raise ExceptionGroup(message, floor.chronicle.failures)

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
        return f"http://{self._address}"

    @property
    def ws_url(self) -> str:
        """`ws://127.0.0.1:PORT`."""
        return f"ws://{self._address}"

    @property
    def account(self) -> AccountSpec:
        """The default account: the first one."""
        return self.accounts[0]

    @property
    def symbols(self) -> tuple[str, ...]:
        """The names of all symbols."""
        return tuple(spec.symbol for spec in self._symbols)

    @property
    def time_ms(self) -> int:
        """The exchange's time now, in ms."""
        return self._floor.clock.time_ms()

    @property
    def connections(self) -> Sequence[StreamConnection]:
        """The user stream connections that are open now, oldest first."""
        return self._floor.streams.user_streams()

    def price(self, symbol: str) -> Decimal:
        """Return the symbol's market price. Raises `UnknownSymbolError`."""
        exchange = self._floor.venue.exchange
        return exchange.prices[find_symbol(exchange, symbol).symbol]

    def set_price(self, symbol: str, price: str | Decimal) -> None:
        """Move the market: resting LIMIT orders that the price crosses fill as maker, best price first.

        Raises `UnknownSymbolError`, or `BadAmountError` for a price that is not a positive multiple of the tick.
        """
        exchange = self._floor.venue.exchange
        spec = find_symbol(exchange, symbol)
        moved = possible_price(spec, price)
        self._floor.act("market", f"{symbol} is at {moved:f}", lambda now_ms: exchange.set_price(symbol, moved, now_ms))

    def fill(
        self,
        order: str | int,
        quantity: str | Decimal,
        price: str | Decimal | None = None,
        *,
        account: str | None = None,
    ) -> None:
        """Fill a part, or all, of a resting order as maker, at its own price or at this one.

        `order` is a client order id or an order id. Raises `UnknownOrderError`, `OrderNotOpenError`, `BadAmountError`.
        """
        exchange = self._floor.venue.exchange
        owner = find_account(exchange, account)
        found = find_open_order(owner, order)
        spec = exchange.symbols[found.symbol]
        amount = possible_fill(owner, found, spec, quantity)
        at = found.price if price is None else possible_price(spec, price)
        self._floor.act(
            "action", f"fill {amount:f} of {order} at {at:f}", lambda now_ms: exchange.fill(found, amount, at, now_ms)
        )

    def cancel(self, order: str | int, *, account: str | None = None) -> None:
        """Cancel a resting order, as the exchange or another client of the account would."""
        exchange = self._floor.venue.exchange
        found = find_open_order(find_account(exchange, account), order)
        self._floor.act("action", f"cancel {order}", lambda now_ms: [exchange.cancel(found, now_ms)])

    def expire(self, order: str | int, *, reason: str = "0", account: str | None = None) -> None:
        """Expire a resting order. `reason` is the wire's `er`, "0" to "9"."""
        exchange = self._floor.venue.exchange
        found = find_open_order(find_account(exchange, account), order)
        self._floor.act("action", f"expire {order}", lambda now_ms: [exchange.expire(found, reason, now_ms)])

    def transfer(
        self, asset: str, amount: str | Decimal, *, reason: str = "DEPOSIT", account: str | None = None
    ) -> None:
        """Change a wallet, and say so with ACCOUNT_UPDATE. A negative amount takes away."""
        exchange = self._floor.venue.exchange
        owner, change = find_account(exchange, account), decimal_amount(amount)
        self._floor.act(
            "action",
            f"{reason} {change:f} {asset}",
            lambda now_ms: exchange.transfer(owner, asset, change, reason, now_ms),
        )

    def place_external(self, *, account: str | None = None, **order: object) -> int:
        """Place an order as another client of the account would, and return its order id.

        Arguments are those of POST /fapi/v1/order in snake case (`symbol`, `side`, `type`, `quantity`, `price`,
        `client_order_id`, `time_in_force`, `position_side`, `reduce_only`). Raises `VenueError` when it is refused.
        """
        floor = self._floor
        owner = find_account(floor.venue.exchange, account)
        params = external_params(order)
        placed, facts = place(floor.venue, owner, params, floor.clock.time_ms())
        floor.act("action", f"external order {placed.order_id}", lambda _: facts, account=owner.name, body=params)
        return placed.order_id

    def push(self, frame: dict[str, Any] | str | bytes, *, account: str | None = None) -> int:
        """Send any frame to every user stream of the account; return to how many.

        A dict is an event, wrapped where the connection wants it; a str is sent as it is; bytes are a binary frame.
        """
        owner = find_account(self._floor.venue.exchange, account)
        return self._floor.push(owner.name, frame)

    def expire_listen_key(self, *, account: str | None = None) -> None:
        """End the listen key's lifetime now, in the way the profile says. Raises `NoListenKeyError`."""
        self._end_listen_key("expired", account)

    def drop_listen_key(self, *, account: str | None = None) -> None:
        """Kill the listen key without a word: its sockets stay open and silent. Raises `NoListenKeyError`."""
        self._end_listen_key("dropped", account)

    def close_connections(self, code: int = 1008, reason: str = "", *, account: str | None = None) -> int:
        """Close the user streams with a close frame; return how many. Raises `BadFrameError`."""
        if complaint := close_complaint(code, reason):
            raise BadFrameError(complaint)
        return self._for_each_connection(lambda found: self._floor.streams.close(found, code, reason), account)

    def cut_connections(self, *, account: str | None = None) -> int:
        """Reset the user streams without a close frame; return how many."""
        return self._for_each_connection(lambda found: self._floor.streams.cut(found, ""), account)

    def silence_connections(self, *, account: str | None = None) -> int:
        """Leave the user streams open, answering pings, and deliver nothing on them ever again; return how many."""
        return self._for_each_connection(self._floor.streams.silence, account)

    def refuse_connections(self, times: int = 1, status: int = 503) -> None:
        """Answer the next `times` stream handshakes with this HTTP status."""
        self._floor.streams.refuse(times, status)

    def on_request(
        self, method: str, path: str, verdict: Verdict, *, times: int | None = 1, **match: object
    ) -> RequestRule:
        """Give the next `times` requests (None: all) with this method, path and parameters a scripted answer.

        Rules are asked in the order of their installation. The rule that is returned counts its `hits` and can be
        cancelled.
        """
        rule = RequestRule(method, path, verdict, times, match)
        self._request_rules.append(rule)
        return rule

    def subscribe(self, callback: Callable[[JournalEntry], None]) -> Callable[[], None]:
        """Call back with everything that happens, in order, from now on; return what ends the subscription.

        A callback may act on the simulator. It is called when what happened is complete: never between two events of
        one match. What it raises is raised by `stop`.
        """
        return self._floor.chronicle.subscribe(callback)

    async def wait_for(self, predicate: Callable[[Self], bool], timeout_s: float) -> None:
        """Wait until `predicate(simulator)` holds; it is asked again after each thing that happens.

        Raises `TimeoutError` after `timeout_s` seconds of the loop's time, with the last entries of the journal.
        """
        await self._floor.chronicle.wait_for(lambda: predicate(self), timeout_s)

    def play(self, scenario: Scenario) -> ScenarioRun:
        """Start a scenario; its time begins now. It ends by itself, or with the simulator.

        Raises `ScenarioError` when it cannot be played. `docs/scenarios.md` has the format.
        """
        if self._control is None:
            raise NotRunningError
        return self._control.play(scenario)[1]

    def state(self) -> dict[str, Any]:
        """Return the exchange's truth as plain data: orders, trades, positions, balances, prices. Keys are masked."""
        floor = self._floor
        connections = [{"number": c.number, "silent": c.is_silent} for c in floor.streams.user_streams()]
        return venue_state(floor.venue, floor.clock.time_ms()) | {"connections": connections}

    def reset(self) -> None:
        """Return to the start: connections closed; orders, trades, positions, balances, keys, rules and prices anew.

        The journal and the clock go on.
        """
        self._request_rules.clear()
        self._floor.reset(self._new_venue())

    @property
    def _floor(self) -> Floor:
        if self._opened is None:
            raise NotRunningError
        return self._opened

    @property
    def _address(self) -> str:
        if self._opened is None:
            raise NotRunningError
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def _new_venue(self) -> Venue:
        return Venue(
            accounts=self.accounts,
            symbols=self._symbols,
            profile=self.profile,
            listen_key_lifetime_ms=self._listen_key_lifetime_ms,
            seed=self._seed,
        )

    def _end_listen_key(self, cause: ListenKeyEnd, account: str | None) -> None:
        venue = self._floor.venue
        name = find_account(venue.exchange, account).name
        if venue.listen_keys.current(name) is None:
            raise NoListenKeyError(name)
        self._floor.act("action", f"listen key {cause}", lambda now_ms: venue.end_listen_key(name, cause, now_ms))

    def _for_each_connection(self, act: Callable[[StreamConnection], None], account: str | None) -> int:
        venue = self._floor.venue
        if account is not None:
            find_account(venue.exchange, account)
        chosen = [
            connection
            for connection in self._floor.streams.user_streams()
            if account is None or account in map(venue.listen_keys.owner, connection.subscriptions.listen_keys())
        ]
        for connection in chosen:
            act(connection)
        return len(chosen)
