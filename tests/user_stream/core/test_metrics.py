"""The catalogue of metrics: whole, and with labels that nobody outside can choose."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from user_stream import errors
from user_stream.core.decode import decode_event, event_from_wire
from user_stream.core.events import ControlReply, KnownEvent, RawEvent
from user_stream.core.lifecycle import Live, ServiceState, Stopped
from user_stream.core.metrics import STATES, Metric, cause_of, event_label, state_label
from user_stream.errors import ConnectionLostError, ListenKeyLostError, RateLimitedError

FIXTURES = Path(__file__).parents[3] / "fixtures" / "events"
DOCS = Path(__file__).parents[3] / "docs" / "metrics.md"
KEY = "k" * 64


def test_only_histograms_have_buckets_and_they_grow() -> None:
    for metric in Metric:
        assert bool(metric.buckets) == (metric.instrument == "histogram")
        assert list(metric.buckets) == sorted(set(metric.buckets))


def test_every_metric_says_what_it_means_in_a_sentence_of_its_own() -> None:
    assert len({metric.meaning for metric in Metric}) == len(Metric)
    assert [metric for metric in Metric if not metric.meaning.endswith(".")] == []


def test_durations_are_in_seconds_and_counts_have_no_unit() -> None:
    assert {metric.unit for metric in Metric if metric.instrument == "counter"} == {""}
    assert Metric.LEASE_AGE.unit == Metric.EVENT_LAG.unit == "seconds"
    assert Metric.QUEUE_DEPTH.unit == ""


def test_event_that_nobody_knows_has_no_label_of_its_own() -> None:
    assert event_label(RawEvent(event_type=KEY, payload={})) == "other"
    assert event_label(ControlReply()) == "control_reply"
    assert event_label(decode_event(b'{"e":"listenKeyExpired","E":1,"listenKey":"%s"}' % KEY.encode())) == (
        "listenKeyExpired"
    )


def frames() -> list[dict[str, Any]]:
    read = [json.loads(path.read_bytes()) for path in sorted(FIXTURES.glob("*.json"))]
    flat = [frame for content in read for frame in (content if isinstance(content, list) else [content])]
    return [frame for frame in flat if "e" in frame]


def test_known_events_are_labelled_with_their_names_on_the_wire() -> None:
    events = [(frame["e"], event_from_wire(frame)) for frame in frames()]
    known = {(name, event_label(event)) for name, event in events if isinstance(event, get_args(KnownEvent))}

    assert len(known) >= 9
    assert [names for names in known if names[0] != names[1]] == []


def test_every_state_has_a_name() -> None:
    assert set(STATES) == set(get_args(ServiceState))
    assert (state_label(Live(1, proven=True)), state_label(Stopped(KEY))) == ("live", "stopped")


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ConnectionLostError("cut without a close frame"), "cut"),
        (ConnectionLostError(f"closed by the exchange: {KEY}", code=1008), "closed"),
        (ConnectionLostError("no pong", kind="no_pong"), "no_pong"),
        (ListenKeyLostError(KEY), "listen_key"),
        (RateLimitedError(status=418, retry_after_s=1), "rate_limited"),
        (errors.RequestRejectedError(status=400, code=-1102, reason=KEY), "refused"),
        (RuntimeError(KEY), "other"),
    ],
)
def test_cause_of_an_end_is_one_of_few_words_and_never_the_text(error: BaseException, cause: str) -> None:
    assert cause_of(error) == cause


def test_every_error_that_a_retry_can_cure_has_a_cause() -> None:
    for kind in errors.RECOVERABLE:
        for leaf in kind.__subclasses__() or [kind]:
            assert cause_of(leaf.__new__(leaf) if leaf is not ConnectionLostError else leaf("x")) != "other"


def test_documentation_lists_every_metric_with_its_kind_labels_and_meaning() -> None:
    rows = re.findall(r"^\| `user_stream_(\w+)` \| (\w+) \| (.*) \| (.*) \|$", DOCS.read_text(), re.MULTILINE)

    assert rows == [
        (
            "_".join(filter(None, (metric.name.lower(), metric.unit, "total" * (metric.instrument == "counter")))),
            metric.instrument,
            ", ".join(f"`{label}`" for label in metric.labels),
            metric.meaning,
        )
        for metric in Metric
    ]
