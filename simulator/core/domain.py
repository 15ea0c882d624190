"""The exchange's vocabulary: the words of the wire as constants, and what an account and a symbol are made of.

Words are plain strings, because that is what the wire carries. Prices are in the quote asset, quantities in the base
asset, both `Decimal`; what a caller writes down may be the wire's decimal string.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

import msgspec
from msgspec.structs import force_setattr

__all__ = ["AccountSpec", "ApiKey", "SymbolSpec"]

BUY: Final = "BUY"
SELL: Final = "SELL"

BOTH: Final = "BOTH"
LONG: Final = "LONG"
SHORT: Final = "SHORT"

LIMIT: Final = "LIMIT"
MARKET: Final = "MARKET"
CONDITIONAL_TYPES: Final = frozenset(
    {"STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET"}
)

GTC: Final = "GTC"
IOC: Final = "IOC"
FOK: Final = "FOK"
GTX: Final = "GTX"
GTD: Final = "GTD"
RPI: Final = "RPI"

NEW: Final = "NEW"
PARTIALLY_FILLED: Final = "PARTIALLY_FILLED"
FILLED: Final = "FILLED"
CANCELED: Final = "CANCELED"
EXPIRED: Final = "EXPIRED"
EXPIRED_IN_MATCH: Final = "EXPIRED_IN_MATCH"

TRADE: Final = "TRADE"
AMENDMENT: Final = "AMENDMENT"
CALCULATED: Final = "CALCULATED"

PERPETUAL: Final = "PERPETUAL"
TRADIFI_PERPETUAL: Final = "TRADIFI_PERPETUAL"
CURRENT_QUARTER: Final = "CURRENT_QUARTER"
NEXT_QUARTER: Final = "NEXT_QUARTER"
PERPETUAL_DELIVERY_MS: Final = 4_133_404_800_000
"""When a contract is delivered that never is: the year 2100."""

TRADING: Final = "TRADING"
PENDING_TRADING: Final = "PENDING_TRADING"
SETTLING: Final = "SETTLING"
STATUSES: Final = frozenset(
    {
        TRADING, PENDING_TRADING, SETTLING, "PRE_DELIVERING", "DELIVERING", "DELIVERED", "PRE_SETTLE", "CLOSE",
        "TRADING_HALT", "TRADING_CANCEL_ONLY",
    }
)  # fmt: skip
"""What `exchangeInfo` may say of a symbol. Orders are taken while it is TRADING."""

DEFAULT_API_KEY: Final = "simulatorDefaultAccountApiKey00000000000000000000000000000000001"
DEFAULT_API_SECRET: Final = "simulatorDefaultAccountApiSecret00000000000000000000000000000001"  # noqa: S105  documented, opens nothing


class ApiKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One more key of an account: 64 letters and digits, and a secret, or the PEM text of a public key."""

    api_key: str
    api_secret: str = ""
    public_key: str = ""

    def __repr__(self) -> str:
        return "ApiKey(…)"


class AccountSpec(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An account at the start: its keys (64 letters and digits), and its wallet.

    With a `public_key`, PEM text of an RSA or Ed25519 key, requests are verified by it, and `api_secret` is none.
    `balance` is in USDT; `balances` adds other assets. `leverage` holds for every symbol until changed. In hedge mode
    (`dual_side_position`) a symbol has a LONG and a SHORT position, else one BOTH. `fee_tier` is the VIP level, 0 to 9,
    that decides commissions; with `fee_burn` they are paid in BNB, where there is a wallet of it. `more_keys` are those
    that the account has besides the first.
    """

    name: str = "default"
    api_key: str = DEFAULT_API_KEY
    api_secret: str = DEFAULT_API_SECRET
    public_key: str = ""
    balance: str = "10000"
    balances: dict[str, str] = {}
    leverage: int = 20
    dual_side_position: bool = False
    fee_tier: int = 0
    fee_burn: bool = False
    more_keys: tuple[ApiKey, ...] = ()

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """All keys of the account, the first one first."""
        first = ApiKey(api_key=self.api_key, api_secret=self.api_secret, public_key=self.public_key)
        return first, *self.more_keys

    def __repr__(self) -> str:
        return f"AccountSpec(name={self.name!r}, balance={self.balance!r})"


class SymbolSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A contract: its filters and terms as `exchangeInfo` lists them, and its price at the start.

    `price_precision` and `quantity_precision` are numbers of decimals, and are not the tick (BTCUSDT: 2 decimals, tick
    0.10). `min_notional` is in the quote asset, which is the margin asset too. `pair` is the underlying's name, "" for
    the symbol's own. `delivery_ms` and `onboard_ms` are times in ms since 1970. Rates and bounds are shares (0.05 is
    5 %); `exchangeInfo` writes them with the decimals that they have here.
    """

    symbol: str
    base_asset: str
    quote_asset: str = "USDT"
    price: Decimal
    tick_size: Decimal
    step_size: Decimal
    price_precision: int
    quantity_precision: int
    min_price: Decimal
    max_price: Decimal
    min_quantity: Decimal
    max_quantity: Decimal
    market_max_quantity: Decimal
    min_notional: Decimal = Decimal(5)
    max_leverage: int = 125
    max_notional: Decimal = Decimal(10_000_000)
    maintenance_margin_rate: Decimal = Decimal("0.005")
    max_orders: int = 200
    multiplier_up: Decimal = Decimal("1.0500")
    multiplier_down: Decimal = Decimal("0.9500")
    pair: str = ""
    contract_type: str = PERPETUAL
    status: str = TRADING
    delivery_ms: int = PERPETUAL_DELIVERY_MS
    onboard_ms: int = 1_569_398_400_000
    underlying_type: str = "COIN"
    underlying_sub_type: tuple[str, ...] = ()
    liquidation_fee: Decimal = Decimal("0.012500")
    market_take_bound: Decimal = Decimal("0.05")
    trigger_protect: Decimal = Decimal("0.0500")
    permission_sets: tuple[str, ...] = ("GRID", "COPY", "DCA")

    def __post_init__(self) -> None:
        if not self.pair:
            force_setattr(self, "pair", self.symbol)
