"""What a trade costs: the rates of the account's fee tier, and paying them in BNB.

The tiers are those that Binance publishes as VIP 0 to VIP 9; tier 0 is what the documented sample of commissionRate
shows. With the BNB burn on, a commission is charged in BNB with a tenth off, as long as the BNB wallet can pay it
whole; otherwise in the margin asset, without the tenth. Its value in BNB is by the mark price of BNBUSDT, or of
whichever symbol trades BNB against the margin asset.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

import msgspec

from simulator.core.accounts.account import Account
from simulator.core.amounts import ZERO, money
from simulator.core.domain import SymbolSpec

__all__ = ["RPI_RATE", "Charge", "charge", "rate"]

RPI_RATE: Final = Decimal("0.00005")

_TIERS: Final = tuple(
    (Decimal(maker), Decimal(taker))
    for maker, taker in (
        ("0.0002", "0.0004"),
        ("0.00016", "0.0004"),
        ("0.00014", "0.00035"),
        ("0.00012", "0.00032"),
        ("0.0001", "0.0003"),
        ("0.00008", "0.00027"),
        ("0.00006", "0.00025"),
        ("0.00004", "0.00022"),
        ("0.00002", "0.0002"),
        ("0", "0.00017"),
    )
)
_BURN_RATE: Final = Decimal("0.9")
_BNB: Final = "BNB"


class Charge(msgspec.Struct, frozen=True):
    """A commission: what is paid, in which asset, and what that is worth in the margin asset (8 decimals)."""

    amount: Decimal
    asset: str
    value: Decimal


def rate(account: Account, spec: SymbolSpec, is_maker: bool) -> Decimal:  # noqa: ARG001, FBT001  promotions are by symbol; the role
    """Return the part of the notional that a trade costs the account, before any burn."""
    maker, taker = _TIERS[account.fee_tier]
    return maker if is_maker else taker


def charge(
    account: Account, spec: SymbolSpec, notional: Decimal, *, is_maker: bool, marks: Mapping[str, Decimal]
) -> Charge:
    """Return what a trade of this notional costs the account; `marks` values BNB."""
    due = money(notional * rate(account, spec, is_maker))
    bnb = marks.get(_BNB + spec.quote_asset) or marks.get("BNBUSDT")
    if not (account.fee_burn and due > ZERO and bnb):
        return Charge(due, spec.quote_asset, due)
    burned = money(due * _BURN_RATE / bnb)
    if account.wallets.get(_BNB, ZERO) < burned:
        return Charge(due, spec.quote_asset, due)
    return Charge(burned, _BNB, money(due * _BURN_RATE))
