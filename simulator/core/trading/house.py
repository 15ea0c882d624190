"""The market's own counterparty: where the money is that the accounts do not have.

Every change of an account's position is cleared against the house: what the account gains in base asset the house
loses, and the house's wallet takes what the account's books gave up. When two accounts trade, their two clearings
cancel each other and the house holds nothing, but for what rounding left: an account is told profits of 8 decimals,
and entry prices of 28 digits, and the house has the rest. Commissions go to `fees`, liquidation fees to `insurance`.

So per asset, at any marks,

    Σ wallets + Σ amount × (mark − entry price) of accounts
    + the house's wallet + Σ its amount × mark + fees + insurance

changes only by `received`: transfers into and out of the accounts' wallets. It is exact, not approximate: the house
reckons with 100 digits, where an account's entry prices have 28. `total_money` gives the sum.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Context, Decimal
from itertools import chain
from typing import Final, Protocol

from simulator.core.accounts.position import Position
from simulator.core.amounts import ZERO

__all__ = ["House", "total_money"]

_EXACT: Final = Context(prec=100)


class _Wallets(Protocol):
    """An account, as far as money is concerned. `margin_assets` names the asset of each symbol's positions."""

    wallets: dict[str, Decimal]
    positions: dict[tuple[str, str], Position]
    margin_assets: Mapping[str, str]


class House:
    """What the house holds: `wallets`, `fees`, `insurance` and `received` by asset, `positions` by symbol, signed."""

    def __init__(self) -> None:
        self.wallets: dict[str, Decimal] = {}
        self.positions: dict[str, Decimal] = {}
        self.fees: dict[str, Decimal] = {}
        self.insurance: dict[str, Decimal] = {}
        self.received: dict[str, Decimal] = {}

    def clear(self, asset: str, before: Position, after: Position, realized: Decimal = ZERO) -> None:
        """Book the other side of what became of an account's position, of which `realized` went to its wallet."""
        held = self.positions.get(before.symbol, ZERO)
        self.positions[before.symbol] = _EXACT.subtract(held, _EXACT.subtract(after.amount, before.amount))
        given_up = _EXACT.subtract(_cost(after), _cost(before))
        self._add(self.wallets, asset, _EXACT.subtract(given_up, realized))

    def collect_fee(self, asset: str, amount: Decimal) -> None:
        """Take a commission that an account paid; a negative amount is a rebate."""
        self._add(self.fees, asset, amount)

    def pay(self, asset: str, amount: Decimal) -> None:
        """Pay what an account received other than by a trade, as a funding fee; a negative amount is what it paid."""
        self._add(self.wallets, asset, -amount)

    def insure(self, asset: str, amount: Decimal) -> None:
        """Pay into the insurance fund what an account gave up; a negative amount is what the fund gave it."""
        self._add(self.insurance, asset, amount)

    def note_transfer(self, asset: str, amount: Decimal) -> None:
        """Note what an account received from outside; a negative amount left."""
        self._add(self.received, asset, amount)

    @staticmethod
    def _add(pot: dict[str, Decimal], asset: str, amount: Decimal) -> None:
        pot[asset] = _EXACT.add(pot.get(asset, ZERO), amount)


def total_money(
    house: House, accounts: Iterable[_Wallets], margin_assets: Mapping[str, str], marks: Mapping[str, Decimal]
) -> dict[str, Decimal]:
    """Return all the money there is, by asset, less what was received from outside: it never changes."""
    total: dict[str, Decimal] = {}
    for asset, amount in chain(_money_of_accounts(accounts, margin_assets, marks), _money_of(house)):
        total[asset] = _EXACT.add(total.get(asset, ZERO), amount)
    for symbol, amount in house.positions.items():
        asset = margin_assets[symbol]
        total[asset] = _EXACT.fma(amount, marks[symbol], total.get(asset, ZERO))
    return total


def _money_of_accounts(
    accounts: Iterable[_Wallets], margin_assets: Mapping[str, str], marks: Mapping[str, Decimal]
) -> Iterator[tuple[str, Decimal]]:
    for account in accounts:
        yield from account.wallets.items()
        for (symbol, _), position in account.positions.items():
            yield margin_assets[symbol], _EXACT.fma(position.amount, marks[symbol], _EXACT.minus(_cost(position)))


def _money_of(house: House) -> Iterator[tuple[str, Decimal]]:
    for pot in (house.wallets, house.fees, house.insurance):
        yield from pot.items()
    for asset, amount in house.received.items():
        yield asset, _EXACT.minus(amount)


def _cost(position: Position) -> Decimal:
    return _EXACT.multiply(position.amount, position.entry_price)
