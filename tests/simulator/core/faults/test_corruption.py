"""A spoilt event is spoilt in the one way that was asked for, and the original stays as it is."""

from __future__ import annotations

from typing import Any, get_args

import msgspec
import pytest

from simulator import Corrupt
from simulator.core.faults.corruption import Corruption, corrupted, spoilt_bytes, spoilt_content

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


def test_bytes_are_spoilt_apart_from_values() -> None:
    payload = b'{"e": "x"}'

    assert spoilt_bytes(Corrupt("truncated"), payload) == b'{"e":'
    assert spoilt_bytes(Corrupt("bad_json"), payload) == b"{e: x}"
    assert spoilt_bytes(Corrupt("binary"), payload).endswith(payload)
    assert spoilt_bytes(Corrupt("unknown_fields"), payload) == payload


def test_each_object_of_an_answer_is_spoilt_like_the_only_one() -> None:
    spoilt = msgspec.json.decode(spoilt_content(Corrupt("unknown_fields"), [{"a": 1}, 2]))

    assert spoilt == [{"a": 1, "zz": {"new": [1, "2"]}, "z9": None}, 2]
    assert msgspec.json.decode(spoilt_content(Corrupt(remove=("a",)), {"a": 1, "b": 2})) == {"b": 2}
    assert msgspec.json.decode(spoilt_content(Corrupt("wrong_types"), "a page")) == "a page"


def test_a_position_in_a_list_is_replaced_and_removed_like_a_field() -> None:
    body: dict[str, Any] = {"a": {"B": [{"a": "USDT"}, {"a": "BNB"}, {"a": "BTC"}]}}
    corrupt = Corrupt(remove=("a.B.1", "a.B.7"), replace={"a.B.0": {}, "a.B.8": {}})

    assert corrupted(corrupt, body) == {"a": {"B": [{}, {"a": "BTC"}]}}
