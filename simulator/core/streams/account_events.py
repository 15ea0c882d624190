"""How it is told that an account changed: ACCOUNT_UPDATE, ACCOUNT_CONFIG_UPDATE, MARGIN_CALL, listenKeyExpired.

ACCOUNT_UPDATE is a patch: it lists the balances and positions that changed. A funding fee of a cross position lists
only the balance, and names the symbol. MARGIN_CALL has no transaction time, and writes the margin type in capitals.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, assert_never

from simulator.core.amounts import average, eight, eight_or_zero, trimmed
from simulator.core.domain import BOTH
from simulator.core.facts import (
    AccountFact,
    AccountPatch,
    BalanceRow,
    Fact,
    GridChanged,
    LeverageChanged,
    ListenKeyAnnounced,
    ListenKeyEnded,
    MarginCalled,
    MultiAssetsModeChanged,
    PositionRow,
    StrategyChanged,
    WalletChanged,
)
from simulator.core.profile import Profile
from simulator.core.streams.strategy_events import strategy_event
from simulator.core.streams.user_event import UserEvent, user_event

__all__ = ["LISTEN_KEY_EXPIRED", "account_events", "account_update"]

ACCOUNT_UPDATE = "ACCOUNT_UPDATE"
ACCOUNT_CONFIG_UPDATE = "ACCOUNT_CONFIG_UPDATE"
MARGIN_CALL = "MARGIN_CALL"
LISTEN_KEY_EXPIRED = "listenKeyExpired"

FUNDING_FEE = "FUNDING_FEE"
MARGIN_TYPE_CHANGE = "MARGIN_TYPE_CHANGE"


def account_events(fact: AccountFact, profile: Profile) -> Iterator[UserEvent]:
    """Yield the frames that tell a fact about an account; there may be none."""
    match fact:
        case WalletChanged():
            yield _wallet_changed(fact, profile)
        case LeverageChanged():
            setting = {"s": fact.symbol, "l": fact.leverage}
            yield user_event(fact, ACCOUNT_CONFIG_UPDATE, {"ac": setting}, f"{fact.symbol} {fact.leverage}x")
        case MultiAssetsModeChanged():
            mode = {"j": fact.multi_assets}
            yield user_event(fact, ACCOUNT_CONFIG_UPDATE, {"ai": mode}, f"multi-assets mode {fact.multi_assets}")
        case MarginCalled():
            yield _margin_call(fact)
        case StrategyChanged() | GridChanged():
            yield strategy_event(fact)
        case ListenKeyEnded() | ListenKeyAnnounced():
            if _is_announced(fact, profile):
                yield _listen_key_expired(fact, profile)
        case _:
            assert_never(fact)


def account_update(fact: Fact, reason: str, patch: AccountPatch, profile: Profile) -> UserEvent:
    """Return the ACCOUNT_UPDATE that lists what a fact changed. `reason` is its `m`."""
    is_hedged = any(row.position_side != BOTH for row in patch.positions)
    is_both_told = profile.hedge_both == "listed" or not is_hedged
    content = {
        "B": [_balance(row) for row in patch.balances],
        "P": [_position(row) for row in patch.positions if is_both_told or row.position_side != BOTH],
        "m": reason,
    }
    return user_event(fact, ACCOUNT_UPDATE, {"a": content}, reason)


def _wallet_changed(fact: WalletChanged, profile: Profile) -> UserEvent:
    update = account_update(fact, fact.reason, fact.patch, profile)
    if fact.symbol:
        update.body["a"]["S"] = fact.symbol
    if fact.reason == FUNDING_FEE and profile.funding_positions == "absent" and not fact.patch.positions:
        del update.body["a"]["P"]
    if fact.reason == MARGIN_TYPE_CHANGE and profile.margin_type_change == "no_positions":
        update.body["a"]["P"] = []
    return update


def _margin_call(fact: MarginCalled) -> UserEvent:
    cross = {} if fact.cross_wallet is None else {"cw": eight(fact.cross_wallet)}
    body = {"e": MARGIN_CALL, "E": fact.time_ms, **cross, "p": [_called_position(row) for row in fact.positions]}
    return UserEvent(fact.account, MARGIN_CALL, body, " ".join(row.symbol for row in fact.positions))


def _called_position(row: PositionRow) -> dict[str, str]:
    return {
        "s": row.symbol,
        "ps": row.position_side,
        "pa": trimmed(row.amount),
        "mt": {"cross": "CROSSED", "isolated": "ISOLATED"}[row.margin_type],
        "iw": eight_or_zero(row.isolated_wallet),
        "mp": trimmed(row.mark),
        "up": eight_or_zero(row.unrealized),
        "mm": eight_or_zero(row.maintenance),
    }


def _is_announced(fact: ListenKeyEnded | ListenKeyAnnounced, profile: Profile) -> bool:
    if isinstance(fact, ListenKeyAnnounced):
        return True
    return profile.announces(fact.cause) if fact.announce is None else fact.announce


def _listen_key_expired(fact: ListenKeyEnded | ListenKeyAnnounced, profile: Profile) -> UserEvent:
    event_time = str(fact.time_ms) if profile.listen_key_expiry_time == "text" else fact.time_ms
    body = {"e": LISTEN_KEY_EXPIRED, "E": event_time, "listenKey": fact.listen_key}
    return UserEvent(fact.account, LISTEN_KEY_EXPIRED, body, "", fact.listen_key)


def _balance(row: BalanceRow) -> dict[str, str]:
    return {"a": row.asset, "wb": eight(row.wallet), "cw": eight(row.cross_wallet), "bc": trimmed(row.change)}


def _position(row: PositionRow) -> dict[str, Any]:
    return {
        "s": row.symbol,
        "pa": trimmed(row.amount),
        "ep": average(row.entry_price),
        "cr": eight_or_zero(row.accumulated_realized),
        "up": eight_or_zero(row.unrealized),
        "mt": row.margin_type,
        "iw": eight_or_zero(row.isolated_wallet),
        "ps": row.position_side,
        "ma": row.margin_asset,
        "bep": average(row.break_even_price),
    }
