"""Whoever starts an exchange is told where everything is, and by which keys."""

from __future__ import annotations

from simulator import AccountSpec, Simulator
from simulator.account_options import read_accounts
from simulator.welcome import welcome


async def test_keys_that_the_simulator_made_are_shown() -> None:
    accounts = read_accounts(("alice:5",), None, None, {})
    async with Simulator(accounts=accounts) as sim:
        said = welcome(sim, "")

    assert all(account.api_key in said and account.api_secret in said for account in accounts)


async def test_keys_that_the_user_brought_are_not_printed() -> None:
    own = AccountSpec(name="mine", api_key="k" * 64, api_secret="my secret")
    async with Simulator(accounts=(own,)) as sim:
        said = welcome(sim, "")

    assert "key    kkkk… (your own)\n  secret your own" in said
    assert own.api_key not in said
    assert own.api_secret not in said
