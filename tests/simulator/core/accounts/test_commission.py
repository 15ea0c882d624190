"""What a trade costs: by tier and role, in the margin asset or burned in BNB."""

from __future__ import annotations

from decimal import Decimal

from simulator import AccountSpec
from simulator.core.accounts.account import Account
from simulator.core.accounts.commission import Charge, charge, rate
from tests.simulator.core.small_markets import BTC

MARKS = {"BTCUSDT": Decimal(65000), "BNBUSDT": Decimal(600)}


def test_tier_0_costs_what_the_documented_sample_says() -> None:
    account = Account(AccountSpec())

    assert (rate(account, BTC, True), rate(account, BTC, False)) == (Decimal("0.0002"), Decimal("0.0004"))


def test_no_tier_costs_more_than_the_one_below() -> None:
    rates = [
        (rate(account, BTC, True), rate(account, BTC, False))
        for account in (Account(AccountSpec(fee_tier=tier)) for tier in range(10))
    ]

    assert rates == sorted(rates, reverse=True)
    assert rates[9] == (Decimal(0), Decimal("0.00017"))


def test_a_commission_is_in_the_margin_asset() -> None:
    account = Account(AccountSpec(balances={"BNB": "1"}))

    charged = charge(account, BTC, Decimal(650), is_maker=False, marks=MARKS)

    assert charged == Charge(Decimal("0.26000000"), "USDT", Decimal("0.26000000"))


def test_a_burn_costs_a_tenth_less_and_is_paid_in_bnb() -> None:
    account = Account(AccountSpec(balances={"BNB": "1"}, fee_burn=True))

    charged = charge(account, BTC, Decimal(650), is_maker=False, marks=MARKS)

    assert charged == Charge(Decimal("0.00039000"), "BNB", Decimal("0.23400000"))


def test_what_the_bnb_wallet_cannot_pay_is_paid_in_the_margin_asset() -> None:
    account = Account(AccountSpec(balances={"BNB": "0.00038999"}, fee_burn=True))

    assert charge(account, BTC, Decimal(650), is_maker=False, marks=MARKS).asset == "USDT"


def test_without_a_price_of_bnb_nothing_is_burned() -> None:
    account = Account(AccountSpec(balances={"BNB": "1"}, fee_burn=True))

    assert charge(account, BTC, Decimal(650), is_maker=True, marks={}).asset == "USDT"
