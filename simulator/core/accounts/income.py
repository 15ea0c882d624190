"""What GET income shows: everything that changed a wallet, and why.

A trade gives up to two rows, its realized profit and its commission, under the trade's id. All else, transfers and
funding fees, is noted when it happens. A `tranId` is unique among the rows of one type, as documented.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

import msgspec

from simulator.core.amounts import eight
from simulator.core.trading.orders import Fill

if TYPE_CHECKING:
    from simulator.core.accounts.account import Account

__all__ = [
    "COMMISSION",
    "FUNDING_FEE",
    "INCOME_TYPES",
    "INSURANCE_CLEAR",
    "TRANSFER",
    "Income",
    "income_of_reason",
    "income_row",
    "incomes_of",
    "incomes_of_fill",
]

TRANSFER: Final = "TRANSFER"
REALIZED_PNL: Final = "REALIZED_PNL"
COMMISSION: Final = "COMMISSION"
FUNDING_FEE: Final = "FUNDING_FEE"

INSURANCE_CLEAR: Final = "INSURANCE_CLEAR"

INCOME_TYPES: Final = frozenset(
    {
        "TRANSFER", "WELCOME_BONUS", "REALIZED_PNL", "FUNDING_FEE", "COMMISSION", "INSURANCE_CLEAR",
        "REFERRAL_KICKBACK", "COMMISSION_REBATE", "API_REBATE", "CONTEST_REWARD", "CROSS_COLLATERAL_TRANSFER",
        "OPTIONS_PREMIUM_FEE", "OPTIONS_SETTLE_PROFIT", "INTERNAL_TRANSFER", "AUTO_EXCHANGE", "DELIVERED_SETTELMENT",
        "COIN_SWAP_DEPOSIT", "COIN_SWAP_WITHDRAW", "POSITION_LIMIT_INCREASE_FEE", "STRATEGY_UMFUTURES_TRANSFER",
        "FEE_RETURN", "BFUSD_REWARD", "SPECIAL_FUNDING_FEE",
    }
)  # fmt: skip
"""What may be asked for; few of them ever happen here."""

_FIRST_TRANSACTION: Final = 9_689_322_000
_SAME_WORDS: Final = frozenset(
    {"INSURANCE_CLEAR", "AUTO_EXCHANGE", "COIN_SWAP_DEPOSIT", "COIN_SWAP_WITHDRAW", "OPTIONS_PREMIUM_FEE"}
)
_WORDS: Final[Mapping[str, str]] = {"ADMIN_DEPOSIT": "COMMISSION_REBATE"}


class Income(msgspec.Struct, frozen=True):
    """One row. `amount` is in `asset`; `number` counts within its type; `trade_id` is 0 where no trade caused it."""

    kind: str
    asset: str
    amount: Decimal
    time_ms: int
    number: int
    symbol: str = ""
    trade_id: int = 0


def income_of_reason(reason: str) -> str:
    """Return the income type of a wallet change that ACCOUNT_UPDATE gives this reason."""
    return reason if reason in _SAME_WORDS else _WORDS.get(reason, TRANSFER)


def incomes_of(account: Account, since_ms: int) -> Iterator[Income]:
    """Yield the rows of an account from a moment on, oldest first."""
    of_trades = (
        row
        for fills in account.fills.values()
        for fill in fills[bisect_left(fills, since_ms, key=_time_ms) :]
        for row in incomes_of_fill(fill, account.margin_assets)
    )
    others = account.incomes[bisect_left(account.incomes, since_ms, key=_time_ms) :]
    yield from sorted((*others, *of_trades), key=_time_ms)


def _time_ms(row: Income | Fill) -> int:
    return row.time_ms


def incomes_of_fill(fill: Fill, margin_assets: Mapping[str, str]) -> Iterator[Income]:
    """Yield the rows of a trade: its realized profit, in the symbol's margin asset, and its commission; if any."""
    parts = (
        (REALIZED_PNL, margin_assets.get(fill.symbol, fill.commission_asset), fill.realized_profit),
        (COMMISSION, fill.commission_asset, -fill.commission),
    )
    for kind, asset, amount in parts:
        if amount:
            yield Income(kind, asset, amount, fill.time_ms, fill.trade_id, fill.symbol, fill.trade_id)


def income_row(income: Income) -> dict[str, Any]:
    """Return the row as GET /fapi/v1/income has it."""
    return {
        "symbol": income.symbol,
        "incomeType": income.kind,
        "income": eight(income.amount),
        "asset": income.asset,
        "info": income.kind,
        "time": income.time_ms,
        "tranId": _FIRST_TRANSACTION + income.number,
        "tradeId": str(income.trade_id) if income.trade_id else "",
    }
