"""A journal as text keeps what the frames said, to the letter."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.core.scenario.action import ExpireListenKey, Push
from simulator.core.scenario.scenario import Scenario
from simulator.core.scenario.scenario_text import parse_scenario
from tests.user_stream.journal_facts import delivery, intent
from user_stream.core.journal_export import KeptFrame, frame_line, intent_line, scenario_lines, told_line
from user_stream.core.journal_rows import ToldRow


def scenario_of(*frames: KeptFrame) -> Scenario:
    """Return the scenario as the simulator reads it."""
    text = "\n".join(scenario_lines(frames, about='it\'s a "test"'))
    return parse_scenario(text, "exported.yaml", "exported")


def pushed(*frames: bytes) -> list[object]:
    scenario = scenario_of(*(KeptFrame(0, 1, frame) for frame in frames))
    return [action.frame for step in scenario.steps for action in step.actions if isinstance(action, Push)]


@pytest.mark.parametrize(
    "frame",
    [
        b'{"e":"ORDER_TRADE_UPDATE","o":{"i":8389766079988521101,"ap":1.10,"c":"it\'s"}}',
        '{"e":"X","c":"ünïcode 😀"}'.encode(),
        b'{"e":"X",\n\t"c": "a\\nb"}',
        b"not JSON at all: # - '",
        b"",
    ],
)
def test_a_frame_is_pushed_to_the_letter(frame: bytes) -> None:
    assert pushed(frame) == [frame.decode()]


@given(st.text(max_size=60))
def test_any_text_is_pushed_to_the_letter(text: str) -> None:
    frame = text.encode(errors="replace")

    assert pushed(b"*" + frame) == ["*" + frame.decode()]


def test_frames_come_at_the_distances_at_which_they_came_once_a_client_has_connected() -> None:
    scenario = scenario_of(*(KeptFrame(at, 1, b"{}") for at in (10_000, 10_250, 9_000, 12_000)))

    assert [step.delay for step in scenario.steps] == ["0ms", "250ms", "250ms", "2000ms"]
    assert {type(step.after).__name__ for step in scenario.steps} == {"Connection"}
    assert scenario.timeout == "62000ms"


def test_an_envelope_is_taken_off_and_answers_to_control_messages_are_left_out() -> None:
    assert pushed(
        b'{"stream":"<redacted>@TRADE_LITE","data":{"e": "TRADE_LITE"}}',
        b'{"result":["<redacted>@TRADE_LITE"],"id":1}',
        b'{"stream":"<redacted>","data":{"result":null,"id":2}}',
    ) == ['{"e": "TRADE_LITE"}']


def test_an_expired_listen_key_expires_the_simulators_own() -> None:
    scenario = scenario_of(KeptFrame(0, 1, b'{"e":"listenKeyExpired","listenKey":"<redacted>"}'))

    assert scenario.steps[0].actions == (ExpireListenKey(),)


def test_event_that_two_connections_told_is_pushed_once_and_one_that_came_twice_is_pushed_twice() -> None:
    """Rule 27: the n-th of a connection is the n-th of the other, whichever is ahead and whatever is around it."""
    first, second = b'{"e":"A"}', b'{"e":"B"}'
    frames = [(1, first), (2, first), (2, first), (2, b'{"stream":"<redacted>","data":{"e":"B"}}'), (1, first),
              (1, second), (3, second)]  # fmt: skip
    scenario = scenario_of(*(KeptFrame(at, epoch, frame) for at, (epoch, frame) in enumerate(frames)))

    pushes = [action.frame for step in scenario.steps for action in step.actions if isinstance(action, Push)]
    assert pushes == [first.decode(), first.decode(), second.decode()]
    assert [step.delay for step in scenario.steps] == ["0ms", "2ms", "3ms"]


def test_key_that_two_connections_called_expired_expires_once() -> None:
    expired = b'{"e":"listenKeyExpired","listenKey":"<redacted>"}'

    assert len(scenario_of(KeptFrame(0, 1, expired), KeptFrame(1, 2, expired)).steps) == 1


def test_nothing_to_push_is_no_scenario() -> None:
    assert list(scenario_lines([KeptFrame(0, 1, b'{"result":null,"id":1}')], about="nothing")) == []


def test_each_line_is_one_json_object() -> None:
    lines = [
        frame_line(KeptFrame(5, 2, b'{"e":"X"}\n')),
        told_line(ToldRow(6, 0, delivery(1)), acknowledged=False),
        intent_line(intent("mine-1")),
    ]

    assert [json.loads(line)["kind"] for line in lines] == ["frame", "delivery", "intent"]
    assert json.loads(lines[0]) == {"kind": "frame", "received_ms": 5, "epoch": 2, "frame": '{"e":"X"}\n'}
    assert json.loads(lines[1])["update"] == delivery(1).update
    assert not any("\n" in line for line in lines)
