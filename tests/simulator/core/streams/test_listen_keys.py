"""Listen keys live 60 minutes from their last POST or PUT."""

from __future__ import annotations

import pytest

from simulator import VenueError
from simulator.core.streams.listen_keys import MOST_DEAD, ListenKeys
from tests.simulator.core.small_markets import HOUR, NOW


def test_a_key_has_64_letters_and_digits() -> None:
    key = ListenKeys(HOUR, 0).issue("default", NOW)

    assert len(key) == 64
    assert key.isalnum()


def test_post_returns_the_same_key_while_it_lives_and_starts_its_hour_anew() -> None:
    keys = ListenKeys(HOUR, 0)
    key = keys.issue("default", NOW)

    assert keys.issue("default", NOW + HOUR - 1) == key
    assert keys.expire_due(NOW + HOUR) == []
    assert keys.expire_due(NOW + 2 * HOUR - 1) == [("default", key)]


def test_put_starts_the_hour_anew() -> None:
    keys = ListenKeys(HOUR, 0)
    key = keys.issue("default", NOW)

    assert keys.extend("default", NOW + HOUR - 1) == key
    assert keys.expire_due(NOW + 2 * HOUR - 2) == []
    assert keys.current("default") == key


def test_put_without_a_living_key_is_refused() -> None:
    with pytest.raises(VenueError) as refused:
        ListenKeys(HOUR, 0).extend("default", NOW)

    assert refused.value.code == -1125


def test_a_dead_key_is_followed_by_another_one() -> None:
    keys = ListenKeys(HOUR, 0)
    first = keys.issue("default", NOW)
    keys.expire_due(NOW + HOUR)

    assert keys.issue("default", NOW + HOUR) != first
    assert keys.owner(first) == "default"


def test_a_key_that_died_long_ago_is_nobodys() -> None:
    keys = ListenKeys(HOUR, 0)
    first = keys.issue("default", NOW)
    for _ in range(MOST_DEAD):
        keys.revoke("default")
        keys.issue("default", NOW)

    assert keys.owner(first) == "default"
    keys.revoke("default")
    assert keys.owner(first) is None
    assert keys.owner(keys.issue("default", NOW)) == "default"


def test_revoking_kills_the_key_at_once() -> None:
    keys = ListenKeys(HOUR, 0)
    key = keys.issue("default", NOW)

    assert keys.revoke("default") == [key]
    assert keys.current("default") is None
    assert keys.expire_due(NOW + HOUR) == []


def test_accounts_have_keys_of_their_own() -> None:
    keys = ListenKeys(HOUR, 0)

    assert keys.issue("a", NOW) != keys.issue("b", NOW)


def test_the_next_deadline_is_never_after_an_expiry() -> None:
    keys = ListenKeys(HOUR, 0)
    keys.issue("a", NOW)
    keys.revoke("a")
    keys.issue("a", NOW + 10)
    keys.issue("b", NOW + 5)

    assert keys.next_deadline_ms() == NOW + HOUR
    assert keys.expire_due(NOW + HOUR) == []
    assert keys.next_deadline_ms() == NOW + HOUR + 5
    assert [account for account, _ in keys.expire_due(NOW + HOUR + 10)] == ["b", "a"]
    assert keys.next_deadline_ms() is None


def test_each_holder_has_a_key_of_its_own_that_lives_and_dies_alone() -> None:
    keys = ListenKeys(HOUR, 0)
    first = keys.issue("default", NOW, "one")
    second = keys.issue("default", NOW + HOUR // 2, "two")

    assert first != second
    assert list(keys.living("default")) == [first, second]
    assert (keys.owner(first), keys.owner(second)) == ("default", "default")
    assert keys.expire_due(NOW + HOUR) == [("default", first)]
    assert keys.current("default") == second
    with pytest.raises(VenueError, match="-1125"):
        keys.extend("default", NOW + HOUR, "one")
    assert keys.revoke("default") == [second]
