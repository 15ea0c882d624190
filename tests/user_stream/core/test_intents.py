"""Orders that were sent: the first fact under their id is theirs only if it fits."""

from __future__ import annotations

import pytest

from tests.user_stream.core.order_facts import intent, told_by_stream
from user_stream.core.intents import Intents


def pending() -> Intents:
    intents = Intents(bind_tolerance_ms=2_000)
    intents.register(intent("mine", sent_at_ms=900_000), epoch=3)
    return intents


def test_intent_is_claimed_once_with_the_epoch_of_its_sending() -> None:
    intents = pending()
    fact = told_by_stream("NEW", client_order_id="mine", at=900_100)

    claimed = intents.claim(fact, made=900_100)

    assert claimed is not None
    assert (claimed[0].client_order_id, claimed[1]) == ("mine", 3)
    assert intents.claim(fact, made=900_100) is None
    assert list(intents) == []


@pytest.mark.parametrize(("made", "claimed"), [(897_999, False), (898_000, True), (0, True)])
def test_order_older_than_the_sending_minus_the_tolerance_is_another_one(made: int, claimed: bool) -> None:
    intents = pending()

    found = intents.claim(told_by_stream("NEW", client_order_id="mine"), made=made)

    assert (found is not None) is claimed
    assert ("mine" in intents) is not claimed


def test_refused_order_is_expected_no_longer() -> None:
    intents = pending()

    intents.withdraw("mine")
    intents.withdraw("mine")

    assert "mine" not in intents
