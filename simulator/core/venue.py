"""The whole exchange as a program of requests: what a REST endpoint is given, and what it gives back.

An endpoint is a function of the venue and a call. It returns a body and the facts that became true, or raises
`VenueError`. It knows nothing about HTTP, sockets or clocks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from simulator.core.accounts.account import Account
from simulator.core.accounts.conversion import Conversions
from simulator.core.conditional.algo_book import AlgoBook
from simulator.core.conditional.algo_orders import AlgoOrder
from simulator.core.domain import AccountSpec, SymbolSpec
from simulator.core.facts import Fact, ListenKeyEnded
from simulator.core.housekeeping import Housekeeping, forget
from simulator.core.profile import ListenKeyEnd, Profile
from simulator.core.rest.read_lag import LagTerms, ReadLag, Reads
from simulator.core.risk.funding_schedule import FundingSchedule
from simulator.core.risk.liquidation import Liquidations
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.security.rate_limits import Limits, RateCounters
from simulator.core.streams.listen_keys import ListenKeys
from simulator.core.trading.countdown import Countdowns
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.market_terms import MarketTerms

__all__ = ["Answer", "Call", "Endpoint", "Route", "Security", "Venue", "Weight"]

Security = Literal["none", "key", "signed"]


class Call(msgspec.Struct, frozen=True):
    """One request: its parameters, the account that asks ("" when the endpoint is public), and the time in ms.

    `as_of_ms` is the moment that a query is answered as of, when that is not now. `api_key` is the one that it shows.
    """

    params: dict[str, str]
    account: str
    now_ms: int
    as_of_ms: int | None = None
    api_key: str = ""


class Answer(msgspec.Struct, frozen=True):
    """What an endpoint gives back. `body` is JSON data. `is_order` marks what counts against the order limits."""

    body: object
    facts: list[Fact] = []
    is_order: bool = False


class Venue:
    """Everything that the exchange knows."""

    def __init__(
        self,
        *,
        accounts: Iterable[AccountSpec],
        symbols: Iterable[SymbolSpec],
        profile: Profile,
        listen_key_lifetime_ms: int,
        seed: int,
        limits: Limits | None = None,
        market: MarketTerms | None = None,
        risk: RiskTerms | None = None,
    ) -> None:
        self._accounts, self._seed = tuple(accounts), seed
        self.exchange = Exchange(self._accounts, symbols, seed, market)
        self.algos = AlgoBook(self.exchange, profile, seed)
        self.risk = risk or RiskTerms()
        self.liquidations = Liquidations(self.exchange, profile, self.risk)
        self.funding = FundingSchedule(self.exchange, self.risk)
        self.countdowns = Countdowns()
        self.conversions = Conversions()
        self._housekeeping = Housekeeping()
        self.listen_keys = ListenKeys(listen_key_lifetime_ms, seed)
        self.counters = RateCounters(limits)
        self.ws_api_counters = self.counters if profile.ws_api_weight == "shared" else RateCounters(limits)
        self.read_lag = ReadLag(LagTerms())
        self.profile = profile

    def wipe(self) -> None:
        """Forget every order, trade, position and setting, and number anew; prices and listen keys stay."""
        before = self.exchange
        self.exchange = Exchange(self._accounts, before.symbols.values(), self._seed, before.terms)
        self.exchange.continue_from(before)
        self.algos = AlgoBook(self.exchange, self.profile, self._seed)
        self.liquidations = Liquidations(self.exchange, self.profile, self.risk)
        self.funding = FundingSchedule(self.exchange, self.risk)
        self.countdowns = Countdowns()
        self.conversions = Conversions()

    def account(self, call: Call) -> Account:
        """Return the account that asks, as the call may see it."""
        account = self.exchange.accounts[call.account]
        return account if call.as_of_ms is None else account.as_of(call.as_of_ms)

    def algo_orders(self, call: Call) -> list[AlgoOrder]:
        """Return the conditional orders of the account that asks, oldest first, as the call may see them."""
        return self.algos.orders(call.account, call.as_of_ms)

    def follow(self, facts: Iterable[Fact], now_ms: int) -> list[Fact]:
        """Return the facts and what follows from them: accounts are liquidated, conditional orders trigger, and end.

        Whoever tells facts asks this first. Asked twice, there is nothing to add.
        """
        self.funding.begin(now_ms)
        told: list[Fact] = []
        news = list(facts)
        while True:
            news += self.liquidations.follow(news, now_ms)
            told += news
            news = self.algos.follow(now_ms, {fact.account for fact in news})
            if not news:
                break
        if self._housekeeping.is_due(len(told), now_ms):
            forget(self.exchange, self.algos, now_ms)
        return told

    def cancel_all(self, account: str, symbol: str, now_ms: int) -> list[Fact]:
        """Cancel an account's open orders of a symbol, and if the profile says so its conditional ones."""
        orders = list(self.exchange.accounts[account].open_orders.get(symbol, {}).values())
        facts: list[Fact] = [self.exchange.cancel(order, now_ms) for order in orders]
        if self.profile.cancel_all == "orders_and_algo_orders":
            facts += self.algos.cancel_all(account, symbol, now_ms)
        return facts

    def key_holder(self, call: Call) -> str:
        """Return the API key that the caller's listen key belongs to, "" where all keys of an account share one."""
        return call.api_key if self.profile.listen_key_scope == "api_key" else ""

    def end_listen_key(
        self,
        account: str,
        cause: ListenKeyEnd,
        now_ms: int,
        *,
        announce: bool | None = None,
        holder: str | None = None,
    ) -> list[Fact]:
        """Kill the account's listen keys, or that of one `holder`, if there are any.

        `announce` None tells their sockets what the profile says.
        """
        return [
            ListenKeyEnded(account=account, time_ms=now_ms, listen_key=listen_key, cause=cause, announce=announce)
            for listen_key in self.listen_keys.revoke(account, holder)
        ]

    def advance(self, now_ms: int) -> list[Fact]:
        """Let time pass: listen keys and GTD orders end, funding is paid, countdowns run down, stops go on."""
        facts: list[Fact] = [
            ListenKeyEnded(account=account, time_ms=now_ms, listen_key=listen_key, cause="expired")
            for account, listen_key in self.listen_keys.expire_due(now_ms)
        ]
        facts += self.exchange.advance(now_ms)
        facts += self.funding.advance(now_ms)
        for account, symbol in self.countdowns.take_due(now_ms):
            facts += self.cancel_all(account, symbol, now_ms)
        return self.follow(facts, now_ms)

    def next_deadline_ms(self) -> int | None:
        """Return when `advance` should be called next, or None."""
        earliest = None
        for calendar in (self.listen_keys, self.exchange, self.countdowns, self.funding, self.algos):
            deadline = calendar.next_deadline_ms()
            if deadline is not None and (earliest is None or deadline < earliest):
                earliest = deadline
        return earliest


Endpoint: TypeAlias = Callable[[Venue, Call], Answer]

Weight: TypeAlias = int | Callable[[Mapping[str, str]], int]
"""A request weight, or how it follows from the parameters."""


class Route(msgspec.Struct, frozen=True):
    """An endpoint, who may call it, what it costs, and what it reads.

    `weight` counts against the limit of the address, `weight_of_all` when no symbol is given; `orders` against the
    limits of the account, of 10 seconds and of a minute. What has the bucket "funding" weighs nothing: its requests are
    counted, apart from all others.
    """

    endpoint: Endpoint
    security: Security
    weight: Weight = 1
    weight_of_all: int | None = None
    reads: Reads = "present"
    orders: tuple[int, int] = (0, 0)
    bucket: Literal["weight", "funding"] = "weight"

    def weigh(self, params: Mapping[str, str]) -> int:
        """Return the weight of a request with these parameters."""
        if self.weight_of_all is not None and not params.get("symbol"):
            return self.weight_of_all
        return self.weight if isinstance(self.weight, int) else self.weight(params)
