"""What an account is made of, and what its repr keeps to itself."""

from __future__ import annotations

from simulator import AccountSpec
from simulator.core.security.security import known_key


def test_the_default_account_has_keys_that_the_exchange_accepts() -> None:
    account = AccountSpec()

    assert known_key(account.api_key, {account.api_key: account.name}, "") == "default"
    assert len(account.api_secret) == 64


def test_keys_and_secrets_are_not_in_the_repr() -> None:
    account = AccountSpec()

    assert repr(account) == "AccountSpec(name='default', balance='10000')"
