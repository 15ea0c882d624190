"""An exchange with one account, and orders in one line."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from simulator import AccountSpec, perpetual
from simulator.core.accounts.account import Account
from simulator.core.domain import BUY, GTC, LIMIT, MARKET
from simulator.core.facts import Fact, OrderAccepted, OrderAmended, OrderEnded, OrderFilled
from simulator.core.profile import Profile
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.orders import Order, OrderIntent
from simulator.core.venue import Call, Venue

NOW = 1_790_000_000_000
HOUR = 3_600_000
BTC = perpetual("BTCUSDT", "65000", "0.10", "0.001", min_notional="50", max_quantity="1000", max_leverage=125)
ETH = perpetual("ETHUSDT", "3500", "0.01", "0.001", min_notional="20", max_quantity="10000")


def decimals(*texts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, texts))


def an_exchange(*accounts: AccountSpec) -> Exchange:
    return Exchange(accounts or (AccountSpec(),), (BTC, ETH), seed=0)


def a_venue(*accounts: AccountSpec, profile: Profile | None = None) -> Venue:
    return Venue(
        accounts=accounts or (AccountSpec(),),
        symbols=(BTC, ETH),
        profile=profile or Profile(),
        listen_key_lifetime_ms=HOUR,
        seed=0,
    )


def call(now_ms: int = NOW, account: str = "default", **params: object) -> Call:
    return Call({name: str(value) for name, value in params.items()}, account, now_ms)


def the_account(exchange: Exchange) -> Account:
    return next(iter(exchange.accounts.values()))


def limit(side: str, quantity: str, price: str, **terms: object) -> OrderIntent:
    return OrderIntent(
        **{  # type: ignore[arg-type]  # the terms of a test are whatever it needs
            "symbol": "BTCUSDT",
            "side": side,
            "type": LIMIT,
            "time_in_force": GTC,
            "quantity": Decimal(quantity),
            "price": Decimal(price),
        }
        | terms
    )


def market(side: str, quantity: str, **terms: object) -> OrderIntent:
    return limit(side, quantity, "0", type=MARKET, **terms)


def place(exchange: Exchange, intent: OrderIntent, now_ms: int = NOW) -> tuple[Order, list[Fact]]:
    return exchange.place(the_account(exchange), intent, now_ms)


def resting(
    exchange: Exchange, side: str = BUY, quantity: str = "0.010", price: str = "60000", **terms: object
) -> Order:
    order, _ = place(exchange, limit(side, quantity, price, **terms))
    return order


def told(facts: Iterable[Fact]) -> list[str]:
    """Return what order facts say, one phrase each."""
    return [_phrase(fact) for fact in facts]


def _phrase(fact: Fact) -> str:
    match fact:
        case OrderAccepted():
            return "accepted"
        case OrderFilled():
            return f"filled {fact.fill.quantity} at {fact.fill.price}"
        case OrderAmended():
            return "amended"
        case OrderEnded():
            return f"{fact.order.status} {fact.order.expiry_reason}"
        case _:
            return type(fact).__name__
