"""A key that is revoked is nobody's until it is restored."""

from __future__ import annotations

from simulator import AccountSpec, ApiKey
from simulator.core.security.api_keys import ApiKeys

ALICE = AccountSpec(name="alice", api_key="a" * 64, api_secret="s" * 64)
BOB = AccountSpec(name="bob", api_key="b" * 64, public_key="-----BEGIN PUBLIC KEY-----")


def test_a_key_leads_to_its_account_and_to_what_signs_for_it() -> None:
    keys = ApiKeys([ALICE, BOB])

    assert keys.names == {"a" * 64: "alice", "b" * 64: "bob"}
    assert keys.signers == {"a" * 64: "s" * 64, "b" * 64: "-----BEGIN PUBLIC KEY-----"}
    assert set(keys.signers_by_name) == {"alice", "bob"}


def test_only_the_revoked_key_is_unknown_and_only_until_it_is_restored() -> None:
    keys = ApiKeys([ALICE, BOB])
    shared = keys.names

    keys.revoke("alice")
    assert shared == {"b" * 64: "bob"}
    keys.restore("bob")
    assert shared == {"b" * 64: "bob"}
    keys.restore("alice")
    assert set(shared.values()) == {"alice", "bob"}


def test_an_account_may_have_several_keys_and_loses_them_together() -> None:
    second = ApiKey(api_key="c" * 64, api_secret="t" * 64)
    keys = ApiKeys([AccountSpec(name="alice", api_key="a" * 64, api_secret="s" * 64, more_keys=(second,))])

    assert keys.names == {"a" * 64: "alice", "c" * 64: "alice"}
    assert (keys.signers["c" * 64], "c" * 64 in repr(second)) == ("t" * 64, False)
    assert set(keys.signers_by_name) == {"alice", "alice, key cccc…"}
    keys.revoke("alice")
    assert keys.names == {}


def test_everything_can_be_restored_at_once() -> None:
    keys = ApiKeys([ALICE, BOB])
    keys.revoke("alice")
    keys.revoke("bob")

    keys.restore()

    assert set(keys.names.values()) == {"alice", "bob"}
