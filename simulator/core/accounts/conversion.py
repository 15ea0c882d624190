"""How an account exchanges one asset for another: it asks for a quote, and may accept it for ten seconds.

A quote is made at the index of both assets (`accounts.asset_index`), without a spread, and stands whatever prices do
meanwhile. What an account can convert is what it could take out: no margin, and no profit that is not realized. A quote
for more than that has no id, so that nobody can accept it; and an account that has spent the money since is refused.

The house takes the one amount and gives the other, at once. The account is told both as Binance names such swaps of
coins: COIN_SWAP_WITHDRAW of what went, COIN_SWAP_DEPOSIT of what came, one ACCOUNT_UPDATE and one income row each. No
such event was captured; AUTO_EXCHANGE, the other word that would do, is for what happens without being asked for.

A conversion has the number of its quote. Quotes are forgotten when they end, or when very many stand; so are
the oldest of very many conversions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import permutations
from typing import Final, Literal

import msgspec

from simulator.core.accounts.account import Account
from simulator.core.accounts.asset_index import asset_index
from simulator.core.accounts.margin import withdrawable_margin
from simulator.core.amounts import money
from simulator.core.facts import AccountPatch, Fact, WalletChanged
from simulator.core.rest import venue_error
from simulator.core.rest.venue_error import invalid_parameter, refusal
from simulator.core.trading.exchange import Exchange

__all__ = ["Conversion", "Conversions", "Pair", "Quote", "Wish", "bounds", "convertible_pairs"]

VALID_MS: Final = 10_000
MOST_QUOTES: Final = 1000
MOST_CONVERSIONS: Final = 1000

_FIRST_QUOTE_ID: Final = 12_415_572_564
_FIRST_ORDER_ID: Final = 933_256_278_426_274_426
_LEAST_USD: Final = 20
_MOST_USD: Final = 2_500_000

_WITHDRAW: Final = "COIN_SWAP_WITHDRAW"
_DEPOSIT: Final = "COIN_SWAP_DEPOSIT"


class Pair(msgspec.Struct, frozen=True):
    """Two assets, and what one unit of each is worth in USD."""

    from_asset: str
    to_asset: str
    from_index: Decimal
    to_index: Decimal

    @property
    def ratio(self) -> Decimal:
        """How much of the one asset's unit is in the other."""
        return self.from_index / self.to_index

    @property
    def inverse_ratio(self) -> Decimal:
        """How much of the other asset's unit is in the one."""
        return self.to_index / self.from_index


class Wish(msgspec.Struct, frozen=True):
    """How much an account wants to give of the one asset, or to get of the other, as `side` says."""

    pair: Pair
    side: Literal["from", "to"]
    amount: Decimal

    @property
    def from_amount(self) -> Decimal:
        """What the account would give."""
        return self.amount if self.side == "from" else money(self.amount * self.pair.inverse_ratio)

    @property
    def to_amount(self) -> Decimal:
        """What it would get."""
        return self.amount if self.side == "to" else money(self.amount * self.pair.ratio)


class Quote(msgspec.Struct, frozen=True, kw_only=True):
    """What is offered to an account. `number` is 0 where the account has not got what it would give."""

    account: str
    number: int
    pair: Pair
    from_amount: Decimal
    to_amount: Decimal
    end_ms: int

    @property
    def quote_id(self) -> int:
        """The id by which it is accepted."""
        return _FIRST_QUOTE_ID + self.number


class Conversion(msgspec.Struct, frozen=True):
    """A quote that was accepted, and when."""

    quote: Quote
    time_ms: int

    @property
    def order_id(self) -> int:
        """The id that the conversion got."""
        return _FIRST_ORDER_ID + self.quote.number


def convertible_pairs(assets: Iterable[str], marks: Mapping[str, Decimal]) -> Iterator[Pair]:
    """Yield every two of these assets, either way round. An asset whose price is not known is left out."""
    indexes = {asset: asset_index(asset, marks).index for asset in assets}
    for one, other in permutations([asset for asset, index in indexes.items() if index], 2):
        yield Pair(one, other, indexes[one], indexes[other])


def bounds(index: Decimal) -> tuple[Decimal, Decimal]:
    """Return the least and the most of an asset with this index that a conversion may give, or bring."""
    return money(_LEAST_USD / index), money(_MOST_USD / index)


class Conversions:
    """The quotes that stand, and the conversions that were made."""

    def __init__(self) -> None:
        self._last_number = 0
        self._quotes: dict[int, Quote] = {}
        self._made: dict[int, Conversion] = {}

    def offer(self, exchange: Exchange, account: Account, wish: Wish, now_ms: int) -> Quote:
        """Return a quote. Raises `VenueError` -1111 for an amount with more than 8 decimals, -1130 out of bounds."""
        _check_amount(wish)
        self._forget_ended(now_ms)
        is_covered = _can_give(exchange, account, wish.pair.from_asset, wish.from_amount)
        if is_covered:
            self._last_number += 1
        quote = Quote(
            account=account.name,
            number=self._last_number if is_covered else 0,
            pair=wish.pair,
            from_amount=wish.from_amount,
            to_amount=wish.to_amount,
            end_ms=now_ms + VALID_MS,
        )
        if is_covered:
            self._quotes[quote.number] = quote
            _forget_oldest(self._quotes, MOST_QUOTES)
        return quote

    def accept(self, exchange: Exchange, account: Account, quote_id: int, now_ms: int) -> tuple[Conversion, list[Fact]]:
        """Convert as quoted.

        Raises `VenueError` -1130 when no such quote stands any more, -2018 when the account cannot pay it any more.
        """
        self._forget_ended(now_ms)
        quote = self._quotes.get(quote_id - _FIRST_QUOTE_ID)
        if quote is None or quote.account != account.name:
            raise invalid_parameter("quoteId")
        if not _can_give(exchange, account, quote.pair.from_asset, quote.from_amount):
            raise refusal(venue_error.BALANCE_INSUFFICIENT)
        del self._quotes[quote.number]
        conversion = self._made[quote.number] = Conversion(quote, now_ms)
        _forget_oldest(self._made, MOST_CONVERSIONS)
        return conversion, [
            _swap(exchange, account, quote.pair.from_asset, -quote.from_amount, now_ms),
            _swap(exchange, account, quote.pair.to_asset, quote.to_amount, now_ms),
        ]

    def of_order(self, account: str, order_id: int) -> Conversion | None:
        """Return the account's conversion of this id."""
        return self._numbered(account, order_id - _FIRST_ORDER_ID)

    def of_quote(self, account: str, quote_id: int) -> Conversion | None:
        """Return the account's conversion that accepted this quote."""
        return self._numbered(account, quote_id - _FIRST_QUOTE_ID)

    def _numbered(self, account: str, number: int) -> Conversion | None:
        conversion = self._made.get(number)
        return conversion if conversion is not None and conversion.quote.account == account else None

    def _forget_ended(self, now_ms: int) -> None:
        while self._quotes:
            oldest = next(iter(self._quotes.values()))
            if now_ms <= oldest.end_ms:
                break
            del self._quotes[oldest.number]


def _forget_oldest(numbered: dict[int, Quote] | dict[int, Conversion], most: int) -> None:
    if len(numbered) > most:
        del numbered[next(iter(numbered))]


def _check_amount(wish: Wish) -> None:
    if wish.amount != money(wish.amount):
        raise refusal(venue_error.BAD_PRECISION)
    least, most = bounds(wish.pair.from_index if wish.side == "from" else wish.pair.to_index)
    if not least <= wish.amount <= most:
        raise invalid_parameter(f"{wish.side}Amount")


def _can_give(exchange: Exchange, account: Account, asset: str, amount: Decimal) -> bool:
    return amount <= withdrawable_margin(account, asset, exchange.symbols, exchange.marks)


def _swap(exchange: Exchange, account: Account, asset: str, amount: Decimal, now_ms: int) -> Fact:
    """Change a wallet, with the house as the other side."""
    reason = _DEPOSIT if amount > 0 else _WITHDRAW
    account.credit(asset, amount, now_ms)
    account.earn(reason, asset, amount, now_ms)
    exchange.house.pay(asset, amount)
    patch = AccountPatch(balances=(account.balance_row(asset, amount),))
    return WalletChanged(account=account.name, time_ms=now_ms, reason=reason, patch=patch)
