"""An asset is exchanged for another at the index, as quoted, and no money is made or lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest

from simulator import AccountSpec, VenueError
from simulator.core.accounts.account import Account
from simulator.core.accounts.conversion import (
    MOST_CONVERSIONS,
    MOST_QUOTES,
    VALID_MS,
    Conversions,
    Pair,
    Quote,
    Wish,
    convertible_pairs,
)
from simulator.core.domain import BUY
from simulator.core.facts import WalletChanged
from simulator.core.trading.exchange import Exchange
from simulator.core.trading.house import total_money
from tests.simulator.core.small_markets import NOW, an_exchange, market, place, the_account

TO_BTC = Pair("USDT", "BTC", Decimal(1), Decimal(65000))
TO_USDT = Pair("BTC", "USDT", Decimal(65000), Decimal(1))


class Desk:
    """An exchange, its account, and its conversions."""

    def __init__(self, **spec: str) -> None:
        self.exchange: Exchange = an_exchange(AccountSpec(balances={"BTC": "1"}, **spec))  # type: ignore[arg-type]  # texts
        self.account: Account = the_account(self.exchange)
        self.conversions = Conversions()

    def offer(self, amount: str, pair: Pair = TO_BTC, of: Literal["from", "to"] = "from", now_ms: int = NOW) -> Quote:
        wish = Wish(pair, of, Decimal(amount))
        return self.conversions.offer(self.exchange, self.account, wish, now_ms)

    def accept(self, quote: Quote, now_ms: int = NOW) -> list[WalletChanged]:
        _, facts = self.conversions.accept(self.exchange, self.account, quote.quote_id, now_ms)
        return [fact for fact in facts if isinstance(fact, WalletChanged)]

    def money(self) -> dict[str, Decimal]:
        assets = {symbol: spec.quote_asset for symbol, spec in self.exchange.symbols.items()}
        return total_money(self.exchange.house, [self.account], assets, self.exchange.marks)


def test_any_two_assets_whose_prices_are_known_are_pairs_either_way_round() -> None:
    pairs = list(convertible_pairs(["USDT", "BTC", "BNB"], {"BTCUSDT": Decimal(65000)}))

    assert pairs == [TO_BTC, TO_USDT]


@pytest.mark.parametrize(
    ("pair", "of", "amount", "given", "got"),
    [
        (TO_BTC, "from", "1300", "1300", "0.02"),
        (TO_BTC, "from", "1000", "1000", "0.01538462"),
        (TO_BTC, "to", "0.02", "1300", "0.02"),
        (TO_USDT, "from", "0.1", "0.1", "6500"),
        (TO_USDT, "to", "100", "0.00153846", "100"),
    ],
)
def test_a_quote_is_at_the_index(pair: Pair, of: Literal["from", "to"], amount: str, given: str, got: str) -> None:
    quote = Desk().offer(amount, pair, of)

    assert (quote.from_amount, quote.to_amount) == (Decimal(given), Decimal(got))


def test_accepting_moves_both_wallets_and_tells_each_with_its_reason() -> None:
    desk = Desk()
    facts = desk.accept(desk.offer("1300"))

    assert desk.account.wallets == {"USDT": Decimal(8700), "BTC": Decimal("1.02")}
    told = [(fact.reason, row.asset, row.wallet, row.change) for fact in facts for row in fact.patch.balances]
    assert told == [
        ("COIN_SWAP_WITHDRAW", "USDT", Decimal(8700), Decimal(-1300)),
        ("COIN_SWAP_DEPOSIT", "BTC", Decimal("1.02"), Decimal("0.02")),
    ]
    incomes = [(row.kind, row.asset, row.amount) for row in desk.account.incomes]
    assert incomes == [(reason, asset, change) for reason, asset, _, change in told]


def test_an_asset_that_the_account_never_had_gets_a_wallet() -> None:
    desk = Desk()
    desk.accept(desk.offer("350", Pair("USDT", "ETH", Decimal(1), Decimal(3500))))

    assert desk.account.wallets["ETH"] == Decimal("0.1")


@pytest.mark.parametrize("amount", ["1300", "1000", "33.33333333"])
def test_the_house_is_the_other_side_of_both_assets(amount: str) -> None:
    desk = Desk()
    before = desk.money()
    desk.accept(desk.offer(amount))
    desk.accept(desk.offer("0.5", TO_USDT))

    after = desk.money()
    assert {asset: after[asset] for asset in before} == before
    assert desk.exchange.house.received == {}


def test_a_quote_stands_whatever_the_price_does() -> None:
    desk = Desk()
    quote = desk.offer("1300")
    desk.exchange.set_price("BTCUSDT", Decimal(70000), NOW)
    desk.accept(quote, NOW + VALID_MS)

    assert desk.account.wallets["BTC"] == Decimal("1.02")


def test_a_quote_that_has_ended_or_was_accepted_cannot_be_accepted() -> None:
    desk = Desk()
    late, used = desk.offer("1300"), desk.offer("1300")
    desk.accept(used)

    for quote, now_ms in ((used, NOW), (late, NOW + VALID_MS + 1)):
        with pytest.raises(VenueError, match="quoteId"):
            desk.accept(quote, now_ms)
    assert desk.account.wallets["USDT"] == 8700


def test_nobody_accepts_or_sees_what_is_anothers() -> None:
    desk = Desk()
    quote = desk.offer("1300")
    stranger = Account(AccountSpec(name="stranger"))

    with pytest.raises(VenueError, match="quoteId"):
        desk.conversions.accept(desk.exchange, stranger, quote.quote_id, NOW)
    desk.accept(quote)
    assert desk.conversions.of_quote("default", quote.quote_id) is not None
    assert desk.conversions.of_quote("stranger", quote.quote_id) is None


def test_a_quote_for_more_than_there_is_has_no_number() -> None:
    assert [Desk().offer(amount).number for amount in ("10000", "10000.00000001")] == [1, 0]


def test_what_positions_bind_cannot_be_converted() -> None:
    desk = Desk(leverage="1")
    desk.account.set_leverage("BTCUSDT", 1)
    quote = desk.offer("9000")
    place(desk.exchange, market(BUY, "0.100"))

    assert not desk.offer("9000").number
    with pytest.raises(VenueError, match="Balance is insufficient"):
        desk.accept(quote)
    assert desk.offer("3000").number


def test_in_multi_assets_mode_what_the_pool_needs_cannot_be_converted() -> None:
    desk = Desk(balance="0")
    desk.account.multi_assets_margin = True
    desk.account.set_leverage("BTCUSDT", 1)
    assert desk.offer("0.9", TO_USDT).number
    place(desk.exchange, market(BUY, "0.900"))

    assert not desk.offer("0.9", TO_USDT).number
    assert desk.offer("0.02", TO_USDT).number


@pytest.mark.parametrize(
    ("amount", "code"),
    [("19.99", -1130), ("2500000.01", -1130), ("0", -1130), ("-100", -1130), ("20.000000001", -1111)],
)
def test_an_amount_has_its_bounds_and_decimals(amount: str, code: int) -> None:
    with pytest.raises(VenueError) as refused:
        Desk().offer(amount)

    assert refused.value.code == code


def test_quotes_and_conversions_do_not_pile_up() -> None:
    desk = Desk(balance="10000000")
    first = desk.offer("20")
    for _ in range(MOST_QUOTES):
        desk.offer("20")
    with pytest.raises(VenueError, match="quoteId"):
        desk.accept(first)

    oldest = desk.offer("20")
    desk.accept(oldest)
    for _ in range(MOST_CONVERSIONS - 1):
        desk.accept(desk.offer("20"))
    assert desk.conversions.of_quote("default", oldest.quote_id) is not None
    desk.accept(desk.offer("20"))
    assert desk.conversions.of_quote("default", oldest.quote_id) is None
