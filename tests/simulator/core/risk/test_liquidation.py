"""An account that cannot keep its positions is warned, liquidated, and what that costs is somebody's."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator import AccountSpec
from simulator.core.accounts.account import Account
from simulator.core.domain import BUY, CALCULATED, SELL
from simulator.core.facts import Fact, MarginCalled, OrderEnded, OrderFilled, WalletChanged
from simulator.core.profile import Profile
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.streams.stream_events import user_events
from simulator.core.trading.house import total_money
from simulator.core.trading.market_terms import MarketTerms
from simulator.core.trading.orders import OrderIntent
from simulator.core.venue import Venue
from tests.simulator.core.small_markets import BTC, ETH, HOUR, NOW, limit, market

ALICE = AccountSpec(name="alice", api_key="a" * 64, balance="100", leverage=100)
BOB = AccountSpec(name="bob", api_key="b" * 64, balance="100000", leverage=10)


def a_venue(*accounts: AccountSpec, book: bool = False, **terms: Any) -> Venue:
    return Venue(
        accounts=accounts or (ALICE, BOB),
        symbols=(BTC, ETH),
        profile=Profile(),
        listen_key_lifetime_ms=HOUR,
        seed=0,
        market=MarketTerms(liquidity="book" if book else "one_price"),
        risk=RiskTerms(**{"liquidation": "automatic"} | terms),
    )


def place(venue: Venue, name: str, intent: OrderIntent) -> list[Fact]:
    _, facts = venue.exchange.place(venue.exchange.accounts[name], intent, NOW)
    return venue.follow(facts, NOW)


def move(venue: Venue, price: object, symbol: str = "BTCUSDT") -> list[Fact]:
    return venue.follow(venue.exchange.set_price(symbol, Decimal(str(price)), NOW), NOW)


def mark(venue: Venue, price: object) -> list[Fact]:
    moved = venue.exchange.set_mark("BTCUSDT", Decimal(str(price)), Decimal(str(price)), NOW)
    return venue.follow(moved, NOW)


def names(facts: list[Fact], account: str = "alice") -> list[str]:
    return [type(fact).__name__ for fact in facts if fact.account == account]


def wallet(venue: Venue, name: str = "alice") -> Decimal:
    return venue.exchange.accounts[name].wallets["USDT"]


def fund_of(venue: Venue) -> Decimal:
    return venue.exchange.house.insurance["USDT"]


def money_in(venue: Venue) -> dict[str, Decimal]:
    exchange = venue.exchange
    margin_assets = {spec.symbol: spec.quote_asset for spec in exchange.symbols.values()}
    return total_money(exchange.house, exchange.accounts.values(), margin_assets, exchange.marks)


def test_near_its_end_a_position_is_called_once_and_again_after_a_recovery() -> None:
    venue = a_venue()
    place(venue, "alice", market(BUY, "0.050"))

    (call,) = move(venue, 63300)

    assert isinstance(call, MarginCalled)
    assert call.cross_wallet == Decimal("98.7")
    assert call.positions[0].maintenance == Decimal("12.66000000")
    assert move(venue, 63290) == []
    assert move(venue, 65000) == []
    assert names(move(venue, 63300)) == ["MarginCalled"]


def test_without_a_ratio_nobody_is_called() -> None:
    venue = a_venue(margin_call_ratio=None)
    place(venue, "alice", market(BUY, "0.050"))

    assert move(venue, 63300) == []


def test_scripted_terms_leave_everybody_alone() -> None:
    venue = a_venue(liquidation="scripted")
    place(venue, "alice", market(BUY, "0.050"))

    assert move(venue, 30000) == []


def test_a_lost_position_is_called_its_orders_expire_and_it_is_closed_at_its_bankruptcy_price() -> None:
    venue = a_venue()
    place(venue, "alice", market(BUY, "0.050"))
    place(venue, "alice", limit(BUY, "0.001", "60000"))
    place(venue, "alice", limit(BUY, "0.100", "300", symbol="ETHUSDT"))

    facts = move(venue, 63200)

    assert names(facts)[0] == "MarginCalled"
    assert [fact.order.expiry_reason for fact in facts if isinstance(fact, OrderEnded)] == ["5", "5"]
    (filled,) = [fact for fact in facts if isinstance(fact, OrderFilled)]
    order = filled.order
    assert (order.type, order.time_in_force, order.price, order.client_order_id[:10]) == (
        "LIMIT", "IOC", Decimal("63026.00"), "autoclose-",
    )  # fmt: skip
    assert (filled.execution_type, filled.fill.price, order.status) == (CALCULATED, Decimal(63200), "FILLED")
    assert venue.exchange.accounts["alice"].held == {}


def test_the_events_of_a_liquidation_come_in_the_documented_order() -> None:
    venue = a_venue()
    place(venue, "alice", market(BUY, "0.050"))
    place(venue, "alice", limit(BUY, "0.001", "60000"))

    told = list(user_events(move(venue, 63200), venue.exchange.symbols, venue.profile))

    assert [(event.name, event.body.get("o", {}).get("x", event.body.get("a", {}).get("m", ""))) for event in told] == [
        ("MARGIN_CALL", ""),
        ("ORDER_TRADE_UPDATE", "EXPIRED"),
        ("ORDER_TRADE_UPDATE", "NEW"),
        ("ACCOUNT_UPDATE", "ORDER"),
        ("ORDER_TRADE_UPDATE", "CALCULATED"),
        ("ACCOUNT_UPDATE", "INSURANCE_CLEAR"),
    ]


def test_what_is_left_pays_the_liquidation_fee_but_never_more() -> None:
    venue = a_venue(insurance_fund=Decimal(0))
    place(venue, "alice", market(BUY, "0.050"))

    facts = move(venue, 63200)

    assert wallet(venue) == 0
    (cleared,) = [fact for fact in facts if isinstance(fact, WalletChanged)]
    assert cleared.reason == "INSURANCE_CLEAR"
    assert fund_of(venue) == -cleared.patch.balances[0].change > 0


def test_a_price_that_jumps_over_the_bankruptcy_price_is_the_funds_loss() -> None:
    venue = a_venue()
    place(venue, "alice", market(BUY, "0.050"))

    move(venue, 60000)

    assert wallet(venue) == 0
    assert fund_of(venue) < 1_000_000 - 140
    assert venue.exchange.accounts["alice"].held == {}


def test_what_the_fund_cannot_bear_is_deleveraged_at_the_bankruptcy_price() -> None:
    venue = a_venue(insurance_fund=Decimal(10))
    place(venue, "bob", market(SELL, "0.200"))
    place(venue, "alice", market(BUY, "0.050"))

    facts = move(venue, 60000)

    reduced = [fact for fact in facts if isinstance(fact, OrderFilled) and fact.account == "bob"]
    assert [(fact.order.client_order_id, fact.execution_type, fact.fill.price) for fact in reduced] == [
        ("adl_autoclose", CALCULATED, Decimal("63026.00"))
    ]
    assert venue.exchange.accounts["bob"].position("BTCUSDT", "BOTH").amount == Decimal("-0.150")
    assert 0 <= fund_of(venue) <= 10


def test_without_anybody_on_the_other_side_the_fund_bears_it_all_the_same() -> None:
    venue = a_venue(insurance_fund=Decimal(0))
    place(venue, "alice", market(BUY, "0.050"))

    move(venue, 60000)

    assert wallet(venue) == 0
    assert fund_of(venue) < 0


def test_an_isolated_position_is_lost_alone() -> None:
    venue = a_venue(AccountSpec(name="alice", api_key="a" * 64, balance="1000", leverage=50), BOB)
    account = venue.exchange.accounts["alice"]
    account.isolated_symbols.add("BTCUSDT")
    place(venue, "alice", market(BUY, "0.010"))
    place(venue, "alice", market(BUY, "1", symbol="ETHUSDT"))
    before = account.balance_row("USDT").cross_wallet

    facts = move(venue, 60000)

    assert [key for key, _ in account.held.items()] == [("ETHUSDT", "BOTH")]
    assert account.balance_row("USDT").cross_wallet == before
    (call,) = [fact for fact in facts if isinstance(fact, MarginCalled)]
    assert (call.cross_wallet, [row.symbol for row in call.positions]) == (None, ["BTCUSDT"])


def test_the_largest_position_goes_first_and_the_rest_stays_when_that_is_enough() -> None:
    venue = a_venue(AccountSpec(name="alice", api_key="a" * 64, balance="120", leverage=100), BOB)
    place(venue, "alice", market(BUY, "0.050"))
    place(venue, "alice", market(BUY, "0.010", symbol="ETHUSDT"))

    move(venue, 62700)

    assert list(venue.exchange.accounts["alice"].held) in ([], [("ETHUSDT", "BOTH")])
    assert wallet(venue) >= 0


def test_in_a_book_other_accounts_take_what_is_liquidated() -> None:
    venue = a_venue(book=True)
    place(venue, "alice", market(BUY, "0.050"))
    entry = venue.exchange.accounts["alice"].position("BTCUSDT", "BOTH").entry_price
    place(venue, "bob", limit(BUY, "0.020", "65000"))

    facts = mark(venue, entry - 1800)

    of_bob = [fact for fact in facts if isinstance(fact, OrderFilled) and fact.account == "bob"]
    assert [(fact.execution_type, fact.fill.is_maker) for fact in of_bob] == [("TRADE", True)]
    fills = [fact.fill for fact in facts if isinstance(fact, OrderFilled) and fact.account == "alice"]
    assert of_bob[0].fill.trade_id in [fill.trade_id for fill in fills]
    assert sum(fill.quantity for fill in fills) == Decimal("0.050")


def test_a_withdrawal_or_a_fee_can_be_the_last_straw() -> None:
    venue = a_venue()
    place(venue, "alice", market(BUY, "0.050"))
    alice = venue.exchange.accounts["alice"]

    withdrawn = venue.exchange.transfer(alice, "USDT", Decimal(-85), "WITHDRAW", NOW)
    assert names(venue.follow(withdrawn, NOW)) == ["WalletChanged", "MarginCalled"]

    charged = venue.funding.pay("BTCUSDT", Decimal("0.001"), NOW)
    venue.follow(charged, NOW)
    assert alice.held == {}


def test_a_price_is_not_looked_at_by_those_who_hold_nothing_there(monkeypatch: pytest.MonkeyPatch) -> None:
    venue = a_venue()
    place(venue, "alice", market(BUY, "0.050"))
    examined: list[str] = []
    examine = venue.liquidations._examine  # noqa: SLF001  what is claimed is who is asked

    def noted(account: Account, now_ms: int) -> list[Fact]:
        examined.append(account.name)
        return examine(account, now_ms)

    monkeypatch.setattr(venue.liquidations, "_examine", noted)

    move(venue, 64900)
    move(venue, 3400, "ETHUSDT")

    assert examined == ["alice"]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_money_is_conserved_through_every_liquidation(data: st.DataObject) -> None:
    fund = data.draw(st.sampled_from([0, 5, 1_000_000]))
    venue = a_venue(book=data.draw(st.booleans()), insurance_fund=Decimal(fund))
    for account in venue.exchange.accounts.values():
        if data.draw(st.booleans()):
            account.isolated_symbols.add("BTCUSDT")
    before = money_in(venue)
    for _ in range(data.draw(st.integers(1, 8))):
        name, side = data.draw(st.sampled_from(["alice", "bob"])), data.draw(st.sampled_from([BUY, SELL]))
        quantity = Decimal(data.draw(st.integers(1, 60))) / 1000
        try:
            place(venue, name, market(side, str(quantity)))
        except Exception as error:  # noqa: BLE001  refused is as good: what is claimed is the sum
            assert "-20" in str(error) or "-41" in str(error)  # noqa: PT017
        move(venue, data.draw(st.integers(570, 730)) * 100)

        assert money_in(venue) == before
        assert wallet(venue) >= 0
        carried = venue.exchange.accounts["alice"].held
        assert all(position.isolated_wallet >= 0 for position in carried.values())
