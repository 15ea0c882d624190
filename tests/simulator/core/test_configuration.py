"""An exchange that nobody could trade on is refused before it opens."""

from __future__ import annotations

import pytest

from simulator import AccountSpec, BadAmountError, ConfigurationError, Simulator, SymbolSpec
from simulator.core.configuration import check_market
from tests.simulator.core.small_markets import BTC, ETH

ALICE = AccountSpec(name="alice", api_key="a" * 64)


def test_a_good_market_is_accepted() -> None:
    check_market((AccountSpec(), ALICE), (BTC, ETH))


@pytest.mark.parametrize(
    ("accounts", "symbols", "complaint"),
    [
        ((), (BTC,), "at least one account and one symbol"),
        ((ALICE,), (), "at least one account and one symbol"),
        ((ALICE,), (BTC, BTC), "symbol 'BTCUSDT' is there twice"),
        ((ALICE, AccountSpec(name="alice")), (BTC,), "account 'alice' is there twice"),
        ((ALICE, AccountSpec(name="bob", api_key="a" * 64)), (BTC,), "API key of account 'bob' is there twice"),
        ((AccountSpec(name="bob", api_key="short"),), (BTC,), "account 'bob' has to be 64 letters and digits"),
        ((AccountSpec(fee_tier=10),), (BTC,), "fee tier of account .default. has to be from 0 to 9, not 10"),
        ((AccountSpec(public_key="s" * 64),), (BTC,), "public key of account 'default': it is not the PEM text"),
        ((AccountSpec(api_secret="-----BEGIN PRIVATE KEY-----"),), (BTC,), "account 'default': it is not the PEM text"),
    ],
)
def test_what_cannot_be_is_one_clear_error(
    accounts: tuple[AccountSpec, ...], symbols: tuple[SymbolSpec, ...], complaint: str
) -> None:
    with pytest.raises(ConfigurationError, match=complaint) as refused:
        Simulator(accounts=accounts, symbols=symbols)

    assert "a" * 64 not in str(refused.value)


@pytest.mark.parametrize("spec", [AccountSpec(balance="lots"), AccountSpec(balances={"USDC": "NaN"})])
def test_balances_are_decimals(spec: AccountSpec) -> None:
    with pytest.raises(BadAmountError, match="expected a decimal number"):
        check_market((spec,), (BTC,))
