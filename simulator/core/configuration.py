"""Whether a market can be opened with these accounts and symbols; one clear error for what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from simulator.core.amounts import decimal_amount
from simulator.core.domain import AccountSpec, ApiKey, SymbolSpec
from simulator.core.profile import Profile
from simulator.core.risk.risk_terms import RiskTerms
from simulator.core.security.signatures import check_public_key, is_pem
from simulator.core.terms import check_choice, check_kind
from simulator.core.trading.market_terms import MarketTerms
from simulator.errors import ConfigurationError

__all__ = ["check_market", "check_names", "check_options"]

MOST_FEE_TIER: Final = 9

_KEY: Final = re.compile(r"[A-Za-z0-9]{64}")


def check_market(accounts: Sequence[AccountSpec], symbols: Sequence[SymbolSpec]) -> None:
    """Raise `ConfigurationError` or `BadAmountError` unless every account can log in and every name is its own."""
    if not accounts or not symbols:
        message = "an exchange needs at least one account and one symbol"
        raise ConfigurationError(message)
    _check_unique("symbol", [(spec.symbol, spec.symbol) for spec in symbols])
    _check_unique("account", [(spec.name, spec.name) for spec in accounts])
    keys = [(key, spec.name) for spec in accounts for key in spec.keys]
    _check_unique("API key of account", [(key.api_key, name) for key, name in keys])
    for key, name in keys:
        _check_key(key, name)
    for spec in accounts:
        if not 0 <= spec.fee_tier <= MOST_FEE_TIER:
            message = f"the fee tier of account {spec.name!r} has to be from 0 to {MOST_FEE_TIER}, not {spec.fee_tier}"
            raise ConfigurationError(message)
        for amount in (spec.balance, *spec.balances.values()):
            decimal_amount(amount)


def check_names(named: Iterable[str], symbols: Sequence[SymbolSpec]) -> None:
    """Raise `ConfigurationError` unless every name is one of the symbols."""
    known = {spec.symbol for spec in symbols}
    for name in named:
        if name not in known:
            message = f"there is no symbol {name!r} that could follow a price path"
            raise ConfigurationError(message)


def check_options(profile: Profile, market: MarketTerms, risk: RiskTerms, rate_limits: str) -> None:
    """Raise `ConfigurationError` for one that is of another kind: who writes "book" means terms."""
    check_kind("profile", profile, Profile)
    check_kind("market", market, MarketTerms)
    check_kind("risk", risk, RiskTerms)
    check_choice("rate_limits", rate_limits, ("enforced", "counted"))


def _check_key(key: ApiKey, account: str) -> None:
    if not _KEY.fullmatch(key.api_key):
        message = f"the API key of account {account!r} has to be 64 letters and digits"
        raise ConfigurationError(message)
    if not key.public_key and not is_pem(key.api_secret):
        return
    try:
        check_public_key(key.public_key or key.api_secret)
    except ConfigurationError as error:
        message = f"the public key of account {account!r}: {error}"
        raise ConfigurationError(message) from None


def _check_unique(what: str, named: Iterable[tuple[str, str]]) -> None:
    """Raise when two have the same value; the second of each pair is what may be shown of it."""
    seen: set[str] = set()
    for value, name in named:
        if value in seen:
            message = f"{what} {name!r} is there twice: give each its own"
            raise ConfigurationError(message)
        seen.add(value)
