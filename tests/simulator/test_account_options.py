"""Accounts come from the command line, from the environment and from a file; keys never from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from simulator import AccountSpec
from simulator.account_options import API_KEY, API_SECRET, read_accounts

OWN = {API_KEY: "k" * 64, API_SECRET: "s" * 64}


def test_without_anything_there_is_the_default_account() -> None:
    assert read_accounts((), None, None, {}) == (AccountSpec(),)


def test_an_account_by_name_has_the_same_keys_every_time_and_no_other_s() -> None:
    _, alice, bob = read_accounts(("alice:5", "bob:6.5"), None, None, {})

    assert (alice.name, alice.balance, bob.balance) == ("alice", "5", "6.5")
    assert alice == read_accounts(("alice:5",), None, None, {})[1]
    assert len({alice.api_key, bob.api_key, alice.api_secret, bob.api_secret}) == 4


def test_the_default_account_has_the_keys_of_the_environment() -> None:
    (account,) = read_accounts((), None, None, OWN)

    assert (account.name, account.api_key, account.api_secret) == ("default", "k" * 64, "s" * 64)


def test_half_a_pair_of_keys_is_refused_without_showing_it() -> None:
    with pytest.raises(click.ClickException, match="belong together") as refused:
        read_accounts((), None, None, {API_KEY: "k" * 64})

    assert "kkkk" not in refused.value.message


def test_a_file_replaces_the_default_account(tmp_path: Path) -> None:
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps([{"name": "mine", "api_key": "m" * 64, "api_secret": "n" * 64, "leverage": 5}]))

    accounts = read_accounts(("alice:5",), None, path, OWN)

    assert [(spec.name, spec.leverage) for spec in accounts] == [("mine", 5), ("alice", 20)]
    assert accounts[0].api_key == "m" * 64


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{}", "expected a list such as"),
        ("nonsense", "expected a list such as"),
        ('[{"name": 5}]', r"Expected `str`, got `int` - at `\$\[0\].name`"),
        ('[{"balence": "1"}]', "unknown field `balence`"),
        ("[]", "at least one account"),
        ('[{"name": "a"}, {"name": "a"}]', "a name of its own"),
    ],
)
def test_a_file_that_holds_no_accounts_is_refused_with_what_is_wrong(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "accounts.json"
    path.write_text(text)

    with pytest.raises(click.ClickException, match=complaint):
        read_accounts((), None, path, {})
