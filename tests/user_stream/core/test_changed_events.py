"""Row 10: no new value, type, field or event makes what Binance sends unreadable, or readable as something else."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.user_stream.core.documented_events import EVENTS, algo, decode, order, sample
from user_stream.core.decode import DecodeError, decode_event
from user_stream.core.events import (
    AccountUpdate,
    ConditionalOrderTriggerReject,
    ControlReply,
    Event,
    ListenKeyExpired,
    OrderTradeUpdate,
    RawEvent,
    TradeLite,
)
from user_stream.core.mapping import map_account_update, map_order_update, map_trade_lite

NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
EVERY_EVENT = pytest.mark.parametrize("name", EVENTS)


def places(value: Any, *path: str | int) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every value below this one, containers too."""
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from places(item, *path, key)
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, *path, index)


def at(frame: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        frame = frame[step]
    return frame


ENUMS = {
    "o": ("S", "o", "f", "x", "X", "wt", "ot", "ps", "V", "pm", "er", "at", "act"),
    "a": ("m",),
    "P": ("mt", "ps"),
    "p": ("mt", "ps"),
    "su": ("st", "ss"),
    "gu": ("st", "ss"),
    "": ("S",),
}
"""The letters of enums, by what holds them."""


def enum_places(frame: dict[str, Any]) -> list[tuple[str | int, ...]]:
    found = []
    for path in places(frame):
        holders = [step for step in path[:-1] if isinstance(step, str)]
        if path[-1] in ENUMS.get(holders[-1] if holders else "", ()) and isinstance(at(frame, path), str):
            found.append(path)
    return found


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name, frame in EVENTS.items() for path in enum_places(frame)],
    ids=lambda value: value if isinstance(value, str) else ".".join(map(str, value)),
)
def test_an_unknown_value_in_any_enum_is_kept(name: str, path: tuple[str | int, ...]) -> None:
    """Row 10: unknown enum in every enum field."""
    frame = copy.deepcopy(EVENTS[name])
    at(frame, path[:-1])[path[-1]] = "A_VALUE_OF_2031"

    event = decode(frame)

    assert type(event) is type(decode(EVENTS[name]))
    assert "A_VALUE_OF_2031" in repr(event)


@pytest.mark.parametrize(
    "event", ["SOMETHING_OF_2031", "ACCOUNT_UPDATE_V2", "serverShutdown", "", "order_trade_update"]
)
def test_an_unknown_event_is_kept_as_it_came(event: str) -> None:
    """Row 10: unknown e."""
    frame = {**sample("order_trade_update_filled"), "e": event}

    assert decode(frame) == RawEvent(event_type=event, payload=frame)


def with_new_fields(value: Any) -> Any:
    if isinstance(value, dict):
        return {"zz": [{"new": None}], **{key: with_new_fields(item) for key, item in value.items()}, "ZZ": 1.5}
    return [with_new_fields(item) for item in value] if isinstance(value, list) else value


@EVERY_EVENT
def test_new_fields_at_every_level_change_nothing(name: str) -> None:
    """Row 10: extra fields."""
    assert decode(with_new_fields(EVENTS[name])) == decode(EVENTS[name])


def with_swapped_types(value: Any) -> str:
    """Return JSON in which numbers are text, and text that is a number is one, digit by digit."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json.dumps(key)}:{with_swapped_types(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(with_swapped_types, value)) + "]"
    if isinstance(value, str):
        return value if NUMBER.fullmatch(value) else json.dumps(value)
    return json.dumps(str(value).lower() if isinstance(value, bool) else str(value))


@EVERY_EVENT
def test_numbers_as_text_and_text_as_numbers_change_nothing(name: str) -> None:
    """Row 10: number and string swapped, in every field at once; `E` as a string among them."""
    swapped = with_swapped_types(EVENTS[name])

    assert json.loads(swapped) != EVENTS[name]
    assert decode_event(swapped) == decode(EVENTS[name])


def test_the_end_of_a_listen_key_may_have_its_time_as_text() -> None:
    """Row 1: E as a string, as the official sample has it."""
    event = decode({**sample("listen_key_expired"), "E": "1736996475556"})

    assert isinstance(event, ListenKeyExpired)
    assert event.event_time == 1736996475556


@pytest.mark.parametrize("number", [2**53 + 1, 8389766079988521101, 2**63 - 1])
@pytest.mark.parametrize("as_text", [False, True])
def test_ids_beyond_the_precision_of_a_float_stay_exact_everywhere(number: int, as_text: bool) -> None:
    """Row 10: ids > 2^53."""
    sent = str(number) if as_text else number
    lite = decode({**sample("trade_lite_live"), "i": sent, "t": sent})
    rejection = decode({**sample("conditional_order_trigger_reject"), "or": {"s": "BTCUSDT", "i": sent}})
    conditional = algo(aid=sent, ai=sent)
    filled = order("filled", i=sent, t=sent)

    assert isinstance(lite, TradeLite)
    assert isinstance(rejection, ConditionalOrderTriggerReject)
    assert {filled.order.order_id, filled.order.trade_id, lite.order_id, lite.trade_id} == {number}
    assert (rejection.rejection.order_id, conditional.algo.algo_id) == (number, number)
    assert conditional.algo.order_id == map_order_update(filled)["order_id"] == str(number)


@pytest.mark.parametrize(
    "frame",
    [
        {"result": None, "id": 1},
        {"id": "abc", "result": None},
        {"result": True, "id": 6},
        {"error": {"code": 2, "msg": "Invalid request"}, "id": 1},
        {"code": 3, "msg": "Invalid JSON"},
    ],
)
def test_an_acknowledgement_is_no_event_and_no_error(frame: dict[str, object]) -> None:
    """Row 10: subscribe acks."""
    assert isinstance(decode(frame), ControlReply)


# --- any one field ------------------------------------------------------------------------------------------------

SECRET = "pqia91ma19a5s61cv6a81va65sdf19v8"
RETYPED = [None, True, 0, -7, 2**70, 1.5, "", "7", "1.5", "NaN", SECRET, [], [SECRET], {}, {SECRET: SECRET}, [[SECRET]]]
WORDS = {"symbol", "client_order_id", "order_id", "side", "position_side", "order_type", "time_in_force",
         "order_status", "execution_type", "commission_asset", "source", "asset", "margin_type"}  # fmt: skip
"""The keys of an update whose values are no numbers."""


def updates_of(event: Event) -> list[Any]:
    """Return what an engine would be handed."""
    match event:
        case OrderTradeUpdate():
            return [map_order_update(event)]
        case TradeLite():
            return [map_trade_lite(event)]
        case AccountUpdate():
            mapped = map_account_update(event)
            return [*mapped["balances"], *mapped["positions"]]
        case _:
            return []


def is_an_event_or_refused(frame: dict[str, Any]) -> None:
    """Assert that the frame is an event of sound numbers, or a DecodeError that quotes nothing of it."""
    refusal = ""
    event: Event | None = None
    try:
        event = decode(frame)
    except DecodeError as error:
        refusal = str(error)
    if event is None:
        values = [at(frame, path) for path in places(frame)]
        texts = {text for text in values if isinstance(text, str) and len(text) > 5 and text != frame.get("e")}
        assert refusal
        assert [text for text in {SECRET, *texts} if text in refusal] == []
        return
    assert isinstance(event, Event.__args__)
    for update in updates_of(event):
        numbers = [value for key, value in update.items() if key not in WORDS and isinstance(value, str) and value]
        assert all(Decimal(number).is_finite() for number in numbers)


@EVERY_EVENT
@pytest.mark.no_cover
def test_any_one_field_removed_or_retyped_is_read_or_refused_unquoted(name: str) -> None:
    for path in places(EVENTS[name]):
        frame = copy.deepcopy(EVENTS[name])
        holder = at(frame, path[:-1])
        del holder[path[-1]]
        is_an_event_or_refused(frame)
        for value in RETYPED:
            frame = copy.deepcopy(EVENTS[name])
            at(frame, path[:-1])[path[-1]] = value
            is_an_event_or_refused(frame)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(SECRET),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(deadline=None)
@given(data=st.data(), name=st.sampled_from(list(EVENTS)), value=JSON)
def test_any_value_in_any_one_field_is_read_or_refused_unquoted(data: st.DataObject, name: str, value: object) -> None:
    frame = copy.deepcopy(EVENTS[name])
    path = data.draw(st.sampled_from(list(places(frame))))
    at(frame, path[:-1])[path[-1]] = value

    is_an_event_or_refused(frame)
