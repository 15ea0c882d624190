"""A frame rule gives its verdict to the frames that it matches, so many times; corruption spoils what it says."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from simulator import Corrupt, Drop, Hold
from simulator.core.faults.corruption import Corruption, corrupted
from simulator.core.faults.frame_fault import FrameRule, OutgoingFrame, take_frame
from simulator.core.scenario.trigger import EventPattern

ORDER_UPDATE = {
    "e": "ORDER_TRADE_UPDATE",
    "E": 7,
    "T": 7,
    "o": {"s": "BTCUSDT", "c": "cli-1", "X": "NEW", "i": 5, "q": "0.10", "R": True},
}
ACCOUNT = {
    "e": "ACCOUNT_UPDATE",
    "E": 7,
    "T": 7,
    "a": {"m": "ORDER", "B": [{"a": "USDT", "wb": "1"}], "P": [{"s": "BTCUSDT"}]},
}


def frame(body: dict[str, Any] = ORDER_UPDATE, connection: int = 1, *, is_reply: bool = False) -> OutgoingFrame:
    return OutgoingFrame(
        name=str(body.get("e", "LIST_SUBSCRIPTIONS")),
        account="default",
        connection=connection,
        body=body,
        is_reply=is_reply,
    )


def rule(
    event: str = "*", *, connection: int | None = None, nth: int = 1, times: int | None = 1, **match: Any
) -> FrameRule:
    return FrameRule(Drop(), EventPattern(event, **match), connection=connection, nth=nth, times=times)


def test_a_rule_counts_from_its_nth_frame_and_is_used_up() -> None:
    installed = rule(nth=2, times=2)

    assert [installed.take(frame()) for _ in range(4)] == [None, Drop(), Drop(), None]
    assert installed.hits == 2


@pytest.mark.parametrize(
    ("installed", "body", "connection", "fits"),
    [
        (rule("TRADE_LITE"), ORDER_UPDATE, 1, False),
        (rule(connection=2), ORDER_UPDATE, 1, False),
        (rule(connection=2), ORDER_UPDATE, 2, True),
        (rule(symbol="BTC*"), ORDER_UPDATE, 1, True),
        (rule(symbol="BTC*"), ACCOUNT, 1, True),
        (rule(symbol="ETHUSDT"), ACCOUNT, 1, False),
        (rule(reason="ORDER"), ACCOUNT, 1, True),
        (rule(status="FILLED"), ORDER_UPDATE, 1, False),
        (rule(account="other"), ORDER_UPDATE, 1, False),
    ],
    ids=repr,
)
def test_a_rule_takes_only_its_own(installed: FrameRule, body: dict[str, Any], connection: int, fits: bool) -> None:
    assert (installed.take(frame(body, connection)) is not None) is fits


def test_a_reply_is_taken_only_by_its_name() -> None:
    reply = frame({"result": [], "id": 1}, is_reply=True)

    assert rule("*").take(reply) is None
    assert rule("LIST_SUBSCRIPTIONS").take(reply) == Drop()


def test_the_first_rule_that_matches_wins_and_a_cancelled_one_takes_nothing() -> None:
    first, second = rule(), rule()
    first.cancel()

    assert take_frame([first, second], frame()) is second


def test_a_released_rule_takes_no_more() -> None:
    released: list[FrameRule] = []
    installed = FrameRule(Hold(), EventPattern("*"), connection=None, nth=1, times=None)
    installed.on_release = released.append

    installed.release()

    assert (released, installed.take(frame())) == ([installed], None)


@pytest.mark.parametrize("how", get_args(Corruption))
def test_row_10_every_corruption_leaves_the_original_alone(how: Corruption) -> None:
    before = msgspec.json.encode(ORDER_UPDATE)

    spoilt = corrupted(Corrupt(how), ORDER_UPDATE)

    assert msgspec.json.encode(ORDER_UPDATE) == before
    keeps = how in {"as_it_is", "truncated", "bad_json", "binary"}
    assert (spoilt == ORDER_UPDATE) is keeps


def test_row_10_numbers_and_texts_change_places() -> None:
    spoilt = msgspec.json.decode(msgspec.json.encode(corrupted(Corrupt("swapped_numbers"), ORDER_UPDATE)))

    assert (spoilt["E"], spoilt["o"]["i"], spoilt["o"]["q"], spoilt["o"]["R"]) == ("7", "5", 0.1, True)


def test_row_10_unknown_words_and_ids_beyond_a_double() -> None:
    assert corrupted(Corrupt("unknown_values"), ORDER_UPDATE)["o"]["X"] == "SOMETHING_NEW"
    assert corrupted(Corrupt("unknown_values"), ACCOUNT)["a"]["m"] == "SOMETHING_NEW"
    assert corrupted(Corrupt("huge_ids"), ORDER_UPDATE)["o"]["i"] > 2**53
    assert corrupted(Corrupt("unknown_event"), ORDER_UPDATE)["e"] == "SOMETHING_NEW"


def test_fields_are_removed_and_values_replaced_by_their_paths() -> None:
    spoilt = corrupted(Corrupt(remove=("o.q", "o.none.x"), replace={"o.X": "NEW_ADL", "E": "7"}), ORDER_UPDATE)
    other = corrupted(Corrupt(replace={"a.B.0.wb": "-113.3"}), ACCOUNT)

    assert ("q" in spoilt["o"], spoilt["o"]["X"], spoilt["E"]) == (False, "NEW_ADL", "7")
    assert other["a"]["B"] == [{"a": "USDT", "wb": "-113.3"}]
