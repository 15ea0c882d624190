"""A profile says what sockets see when their listen key ends."""

from __future__ import annotations

import pytest

from simulator import Profile
from simulator.core.profile import ListenKeyEnd


@pytest.mark.parametrize(
    ("profile", "end", "announces", "closes"),
    [
        (Profile(), "expired", True, False),
        (Profile(), "deleted", False, False),
        (Profile(), "dropped", False, False),
        (Profile(listen_key_expiry="silent"), "expired", False, False),
        (Profile(listen_key_expiry="announce_and_close"), "expired", True, True),
        (Profile(delete_listen_key="announce"), "deleted", True, False),
        (Profile(delete_listen_key="close"), "deleted", False, True),
        (Profile(delete_listen_key="close", listen_key_expiry="announce_and_close"), "dropped", False, False),
    ],
)
def test_the_end_of_a_listen_key(profile: Profile, end: ListenKeyEnd, announces: bool, closes: bool) -> None:
    assert (profile.announces(end), profile.closes(end)) == (announces, closes)
