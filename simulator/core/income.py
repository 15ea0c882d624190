"""What GET income shows: everything that changed a wallet, and why.

A trade gives up to two rows, its realized profit and its commission, under the trade's id. All else, transfers and
funding fees, is noted when it happens. A `tranId` is unique among the rows of one type, as documented.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from simulator.core.amounts import eight
from simulator.core.orders import Fill

__all__ = ["FUNDING_FEE", "TRANSFER", "Income", "income_of_reason", "income_row", "incomes_of_fill"]

TRANSFER: Final = "TRANSFER"
REALIZED_PNL: Final = "REALIZED_PNL"
COMMISSION: Final = "COMMISSION"
FUNDING_FEE: Final = "FUNDING_FEE"

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


def incomes_of_fill(fill: Fill) -> Iterator[Income]:
    """Yield the rows of a trade: its realized profit and its commission, where there are any."""
    for kind, amount in ((REALIZED_PNL, fill.realized_profit), (COMMISSION, -fill.commission)):
        if amount:
            yield Income(kind, fill.commission_asset, amount, fill.time_ms, fill.trade_id, fill.symbol, fill.trade_id)


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
