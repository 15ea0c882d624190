"""The documented events: every one of the fixtures, and copies of them with other values."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from user_stream.core.decode import decode_event
from user_stream.core.events import AlgoUpdate, Event, OrderTradeUpdate

FIXTURES = Path(__file__).parents[3] / "fixtures" / "events"


def documented() -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every event of every fixture, by name."""
    for path in sorted(FIXTURES.glob("*.json")):
        content = json.loads(path.read_text())
        for number, frame in enumerate(content if isinstance(content, list) else [content]):
            event = frame.get("data", frame)
            if "e" in event:
                yield f"{path.stem}-{number}", event


EVENTS = dict(documented())


def decode(frame: object) -> Event:
    """Decode what would be the JSON of a frame."""
    return decode_event(json.dumps(frame))


def sample(name: str) -> dict[str, Any]:
    """Return a copy of a fixture."""
    return copy.deepcopy(EVENTS[f"{name}-0"])


def order(name: str, **letters: object) -> OrderTradeUpdate:
    """Return an order's event as a fixture has it, with some letters of `o` replaced."""
    frame = sample(f"order_trade_update_{name}")
    event = decode({**frame, "o": {**frame["o"], **letters}})
    assert isinstance(event, OrderTradeUpdate)
    return event


def algo(**letters: object) -> AlgoUpdate:
    """Return a conditional order's event as its fixture has it, with some letters of `o` replaced."""
    frame = sample("algo_update_docs_canceled")
    event = decode({**frame, "o": {**frame["o"], **letters}})
    assert isinstance(event, AlgoUpdate)
    return event
