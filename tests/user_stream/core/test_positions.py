"""The position book: absolute patches, keyed by symbol and position side."""

from __future__ import annotations

from decimal import Decimal

from user_stream.contracts import BalanceChange, MappedAccountUpdate, PositionChange
from user_stream.core.positions import PositionBook


def position(amount: str, *, symbol: str = "BTCUSDT", side: str = "BOTH", **values: str) -> PositionChange:
    given = {"entry_price": "100", "break_even_price": "101", "accumulated_realized": "5", "unrealized_pnl": "1"}
    given |= {"margin_type": "cross", "isolated_wallet": "0"} | values
    return PositionChange(
        symbol=symbol,
        position_side=side,
        position_amount=amount,
        entry_price=given["entry_price"],
        break_even_price=given["break_even_price"],
        accumulated_realized=given["accumulated_realized"],
        unrealized_pnl=given["unrealized_pnl"],
        margin_type=given["margin_type"],
        isolated_wallet=given["isolated_wallet"],
    )


def balance(wallet: str, *, asset: str = "USDT", cross: str = "90", change: str = "0") -> BalanceChange:
    return BalanceChange(asset=asset, wallet_balance=wallet, cross_wallet_balance=cross, balance_change=change)


def patch(
    *, positions: tuple[PositionChange, ...] = (), balances: tuple[BalanceChange, ...] = ()
) -> MappedAccountUpdate:
    return MappedAccountUpdate(
        reason="ORDER", event_time=2, transaction_time=1, balances=list(balances), positions=list(positions)
    )


def book(*patches: MappedAccountUpdate) -> PositionBook:
    book = PositionBook()
    for update in patches:
        book.on_account_update(update)
    return book


def test_what_is_listed_replaces_and_what_is_not_listed_stays() -> None:
    held = book(
        patch(positions=(position("1"), position("7", symbol="ETHUSDT")), balances=(balance("100"),)),
        patch(positions=(position("-2.5", entry_price="110"),)),
    )

    assert held.position_amount("BTCUSDT") == Decimal("-2.5")
    assert held.positions["BTCUSDT", "BOTH"]["entry_price"] == "110"
    assert held.position_amount("ETHUSDT") == Decimal(7)
    assert held.wallet_balance("USDT") == Decimal(100)


def test_a_position_of_zero_is_gone() -> None:
    for zero in ("0", "0.000", "-0"):
        assert book(patch(positions=(position("1"),)), patch(positions=(position(zero),))).positions == {}


def test_both_sides_of_a_hedged_symbol_are_two_positions() -> None:
    held = book(patch(positions=(position("1", side="LONG"), position("-3", side="SHORT"))))

    assert held.position_amount("BTCUSDT", "LONG") == Decimal(1)
    assert held.position_amount("BTCUSDT", "SHORT") == Decimal(-3)
    assert held.position_amount("BTCUSDT") == Decimal(0)


def test_what_the_source_does_not_carry_replaces_nothing() -> None:
    names = (
        "entry_price",
        "break_even_price",
        "accumulated_realized",
        "unrealized_pnl",
        "margin_type",
        "isolated_wallet",
    )
    empty = dict.fromkeys(names, "")

    held = book(
        patch(positions=(position("1"),), balances=(balance("100"),)),
        patch(positions=(position("2", **empty),), balances=(balance("", cross="", change="3"),)),
    )

    assert held.positions["BTCUSDT", "BOTH"] == position("2")
    assert held.balances["USDT"] == balance("100", change="3")


def test_a_position_opened_anew_takes_nothing_from_the_one_before() -> None:
    held = book(
        patch(positions=(position("1"),)),
        patch(positions=(position("0"),)),
        patch(positions=(position("2", margin_type=""),)),
    )

    assert held.positions["BTCUSDT", "BOTH"]["margin_type"] == ""


def test_balances_of_zero_stay_listed() -> None:
    assert book(patch(balances=(balance("0"),))).balances == {"USDT": balance("0")}


def test_what_was_never_listed_is_zero() -> None:
    assert book().position_amount("BTCUSDT") == book().wallet_balance("USDT") == Decimal(0)


def test_the_book_cannot_be_changed_from_outside() -> None:
    held = book(patch(positions=(position("1"),), balances=(balance("1"),)))

    held.positions.clear()
    held.balances.clear()

    assert held.positions
    assert held.balances


def test_amounts_are_signed_and_by_leg() -> None:
    held = book(patch(positions=(position("2", side="LONG"), position("-0.5", side="SHORT"), position("0"))))

    assert held.amounts == {("BTCUSDT", "LONG"): Decimal(2), ("BTCUSDT", "SHORT"): Decimal("-0.5")}
