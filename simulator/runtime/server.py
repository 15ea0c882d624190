"""The simulator as one object: start it, talk to it over its URLs, and do to it what only the exchange could do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from simulator.core.configuration import check_market, check_names, check_options
from simulator.core.domain import AccountSpec, SymbolSpec
from simulator.core.faults.rule import Installed, Rule, RuleBook
from simulator.core.faults.verdict import Verdict
from simulator.core.journal import Journal, JournalEntry
from simulator.core.lookup import find_symbol
from simulator.core.market.price_path import PricePath
from simulator.core.market.symbols import market_at
from simulator.core.profile import Profile
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.scenario.scenario import Scenario
from simulator.core.security.api_keys import ApiKeys
from simulator.core.security.rate_limits import Limits
from simulator.core.state import venue_state
from simulator.core.trading.market_terms import MarketTerms
from simulator.core.venue import Venue
from simulator.errors import NotRunningError
from simulator.runtime.account_deeds import AccountDeeds
from simulator.runtime.algo_deeds import AlgoDeeds
from simulator.runtime.chronicle import Chronicle
from simulator.runtime.clock import Clock, wall_clock_ms
from simulator.runtime.clock_control import ClockControl
from simulator.runtime.connection import ConnectionRules, StreamConnection
from simulator.runtime.connection_deeds import ConnectionDeeds
from simulator.runtime.control import Control
from simulator.runtime.fate import Fates
from simulator.runtime.fault_control import FaultControl
from simulator.runtime.floor import Floor
from simulator.runtime.line import Lines
from simulator.runtime.listen_key_deeds import ListenKeyDeeds
from simulator.runtime.listener import Listener
from simulator.runtime.listing_deeds import ListingDeeds
from simulator.runtime.order_deeds import OrderDeeds
from simulator.runtime.path_deeds import PathDeeds
from simulator.runtime.position_deeds import PositionDeeds
from simulator.runtime.price_runs import PriceRuns, read_path
from simulator.runtime.reception import Reception
from simulator.runtime.rest import RestInterface
from simulator.runtime.rest_deeds import RestDeeds
from simulator.runtime.script import ScenarioRun
from simulator.runtime.strategy_deeds import StrategyDeeds
from simulator.runtime.stream import Streams
from simulator.runtime.tls import ThrowAwayAuthority
from simulator.runtime.ws_api import WS_API_PATH, WsApi
from simulator.runtime.ws_api_deeds import WsApiDeeds

__all__ = ["Simulator"]


class Simulator(
    OrderDeeds,
    PathDeeds,
    AlgoDeeds,
    PositionDeeds,
    AccountDeeds,
    ListingDeeds,
    StrategyDeeds,
    ConnectionDeeds,
    ListenKeyDeeds,
    RestDeeds,
    WsApiDeeds,
):
    """A Binance USDⓈ-M futures exchange on one port of this machine.

    Args:
        port: where to listen; 0 means any free port.
        host: the address to listen on. Anything but loopback lets others in.
        accounts: who may trade; the first one is the default account.
        symbols: the market; None means `market_at` the start: perpetuals, and the quarterly contracts of that day.
        start_ms: the exchange's time at the start, in ms; None means the wall clock's. It advances with the event loop.
        seed: listen keys and generated client order ids are functions of it.
        listen_key_lifetime_s: how long a listen key lives after its last POST or PUT.
        connection_lifetime_s: after how long a stream connection is closed.
        ping_interval_s: how often a stream connection is pinged.
        pong_timeout_s: how late a pong may be before the connection is closed.
        profile: which of Binance's undocumented behaviours to show.
        market: who trades with whom; None: the house trades any quantity with everybody, at one price per symbol.
        risk: whether accounts are liquidated and funding is paid by themselves; None: only when a test says so.
        paths: how symbols move by themselves from the start: price paths, or their texts ("walk", "file:prices.csv").
        rate_limits: whether requests beyond the limits are refused ("enforced"), or only "counted".
        tls: whether to speak https:// and wss:// only, by a throw-away authority whose certificate is in `ca_file`.

    Raises `ConfigurationError`, `BadAmountError` or `BadPathError` when no market can be opened with these terms.
    Every method but `start`, `stop` and `wait_for` returns at once, with its events already written to the sockets.
    Where a method takes `account`, None means the default account; on connections it means those of all accounts.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        accounts: Sequence[AccountSpec] = (AccountSpec(),),
        symbols: Sequence[SymbolSpec] | None = None,
        start_ms: int | None = None,
        seed: int = 0,
        listen_key_lifetime_s: float = 3600.0,
        connection_lifetime_s: float = 86400.0,
        ping_interval_s: float = 180.0,
        pong_timeout_s: float = 600.0,
        profile: Profile | None = None,
        market: MarketTerms | None = None,
        risk: RiskTerms | None = None,
        paths: Mapping[str, PricePath | str] | None = None,
        rate_limits: Literal["enforced", "counted"] = "enforced",
        tls: bool = False,
    ) -> None:
        symbols = market_at(start_ms or wall_clock_ms()) if symbols is None else symbols
        check_market(accounts, symbols)
        self._paths = {symbol: read_path(path) for symbol, path in (paths or {}).items()}
        check_names(self._paths, symbols)
        self.host = host
        self.port = port
        self.accounts = tuple(accounts)
        self.journal = Journal()
        self.profile = Profile() if profile is None else profile
        self._market = MarketTerms() if market is None else market
        self._risk = RiskTerms() if risk is None else risk
        check_options(self.profile, self._market, self._risk, rate_limits)
        self._symbols = tuple(symbols)
        self._limits = Limits(weight=self.profile.weight_limit, enforced=rate_limits == "enforced")
        self._start_ms = start_ms
        self._seed = seed
        self._listen_key_lifetime_ms = round(listen_key_lifetime_s * 1000)
        self._connection_rules = ConnectionRules(
            lifetime_s=connection_lifetime_s, ping_interval_s=ping_interval_s, pong_timeout_s=pong_timeout_s
        )
        self._listener: Listener | None = None
        self._opened: Floor | None = None
        self._control: Control | None = None
        self._price_runs: PriceRuns | None = None
        self._clock_control: ClockControl | None = None
        self._rule_book = RuleBook(seed)
        self.faults = FaultControl(self, self._rule_book, self._now_or_start_ms, self._record_action)
        self._api_keys = ApiKeys(self.accounts)
        self._opened_ws_api: WsApi | None = None
        self._tls = tls
        self._authority: ThrowAwayAuthority | None = None

    def __repr__(self) -> str:
        return f"<Simulator {self.rest_url if self._opened else 'not running'}>"

    async def start(self) -> None:
        """Listen, and answer from now on.

        Raises `PortInUseError`, and with TLS `ConfigurationError` when the extra `tls` is not installed.
        """
        clock = Clock(self._start_ms)
        chronicle = Chronicle(self.journal, clock)
        lines = Lines(clock)
        fates = Fates(self._rule_book, lines, clock, chronicle)
        streams = Streams(chronicle, clock, self.profile, self._connection_rules, fates)
        floor = Floor(self._new_venue(), clock, chronicle, streams)
        rest = RestInterface(floor, self._api_keys, self._rule_book, lines)
        ws_api = WsApi(floor, self._api_keys, self._rule_book, lines, self._connection_rules)
        control = Control(self)
        reception = Reception(chronicle, rest, streams, control, ws_api)
        authority = ThrowAwayAuthority(self.host) if self._tls else None
        context = authority.context if authority else None
        listener = Listener(
            reception.receive, reception.note, context, reception.receive_plain, fates.meet_first_request
        )
        try:
            self.port = await listener.open(self.host, self.port)
        except BaseException:
            if authority is not None:
                authority.delete()
            raise
        self._listener, self._opened, self._control = listener, floor, control
        self._opened_ws_api, self._authority = ws_api, authority
        self._clock_control = ClockControl(clock, chronicle, lambda: [*streams.unanswered(), *ws_api.unanswered()])
        self._price_runs = PriceRuns(floor)
        self._price_runs.begin_all(self._paths)
        floor.tell(())

    async def stop(self) -> None:
        """Close every connection and listen no more. Raises what subscribers raised, as an `ExceptionGroup`."""
        if self._opened is None or self._listener is None or self._control is None:
            return
        self._control.stop()
        self.clock.close()
        self._runs.stop()
        floor, self._opened = self._opened, None
        floor.stop()
        await floor.streams.stop()
        await self._ws_api.stop()
        await self._listener.close()
        if self._authority is not None:
            self._authority.delete()
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
        """`http://127.0.0.1:PORT`; with TLS, https."""
        return f"http{'s' if self._tls else ''}://{self._address}"

    @property
    def ws_url(self) -> str:
        """`ws://127.0.0.1:PORT`; with TLS, wss."""
        return f"ws{'s' if self._tls else ''}://{self._address}"

    @property
    def ws_api_url(self) -> str:
        """`ws://127.0.0.1:PORT/ws-fapi/v1`; with TLS, wss."""
        return f"{self.ws_url}{WS_API_PATH}"

    @property
    def ca_file(self) -> Path | None:
        """The certificate that clients have to trust, from the start to the stop; None without TLS."""
        return None if self._authority is None else self._authority.file

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
    def clock(self) -> ClockControl:
        """What makes the exchange's time stand, jump, step or hurry."""
        if self._clock_control is None or self._opened is None:
            raise NotRunningError
        return self._clock_control

    @property
    def connections(self) -> Sequence[StreamConnection]:
        """The user stream connections that are open now, oldest first."""
        return self._floor.streams.user_streams()

    @property
    def market_frames(self) -> int:
        """How many frames of market streams were sent: the journal does not have them."""
        return self._floor.market.frames

    def price(self, symbol: str) -> Decimal:
        """Return the symbol's market price. Raises `UnknownSymbolError`."""
        exchange = self._floor.venue.exchange
        return exchange.prices[find_symbol(exchange, symbol).symbol]

    def on_request(
        self, method: str, path: str, verdict: Verdict, *, times: int | None = 1, **match: object
    ) -> Installed:
        """Give the next `times` requests (None: all) with this method, path and parameters a scripted answer.

        A short way to `faults.install`. A method "WS" means requests to the WebSocket API alone, by their own name
        (`"order.place"`). Raises `BadFaultError` for a verdict that no request can suffer.
        """
        where = {name: str(value) for name, value in match.items()}
        if method.upper() == "WS":
            return self.faults.install(Rule(on="request", event=path, where=where, times=times, verdict=verdict))
        rule = Rule(on="request", method=method, path=path, where=where, times=times, verdict=verdict)
        return self.faults.install(rule)

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
        self._rule_book.clear()
        self._runs.stop()
        self._api_keys.restore()
        self._floor.reset(self._new_venue())
        self._ws_api.reset()
        self._runs.begin_all(self._paths)

    def wipe(self, *, connections: Literal["kept", "cut"] = "kept") -> None:
        """Forget every order, trade, position, balance and setting, and number anew, as the testnet does each month.

        Without a word on the streams. Prices, listen keys, rules, journal and clock go on, and so do the connections
        unless they are "cut".
        """
        self._floor.venue.wipe()
        self._floor.act("action", "the venue was wiped", lambda _: [])
        if connections == "cut":
            self.cut_connections()

    @property
    def _floor(self) -> Floor:
        if self._opened is None:
            raise NotRunningError
        return self._opened

    @property
    def _ws_api(self) -> WsApi:
        if self._opened_ws_api is None:
            raise NotRunningError
        return self._opened_ws_api

    @property
    def _runs(self) -> PriceRuns:
        if self._price_runs is None:
            raise NotRunningError
        return self._price_runs

    def _record_action(self, summary: str) -> None:
        if self._opened is not None:
            self._opened.chronicle.record("action", summary=summary)

    def _now_or_start_ms(self) -> int:
        if self._opened is not None:
            return self._opened.clock.time_ms()
        return wall_clock_ms() if self._start_ms is None else self._start_ms

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
            limits=self._limits,
            market=self._market,
            risk=self._risk,
        )
