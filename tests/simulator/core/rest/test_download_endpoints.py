"""A download is an id first, and a link later."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import VenueError
from simulator.core.rest.endpoints import ROUTES
from simulator.core.venue import Call
from tests.simulator.core.small_markets import NOW, a_venue

DAY_MS = 86_400_000


def ask(path: str, now_ms: int = NOW, **params: object) -> Any:
    sent = {name: str(value) for name, value in params.items()}
    return ROUTES["GET", f"/fapi/v1/{path}"].endpoint(a_venue(), Call(sent, "default", now_ms)).body


@pytest.mark.parametrize("kind", ["income", "order", "trade"])
def test_an_id_becomes_a_link_that_expires(kind: str) -> None:
    download_id = ask(f"{kind}/asyn", startTime=NOW - DAY_MS, endTime=NOW)["downloadId"]

    early = ask(f"{kind}/asyn/id", NOW + 1, downloadId=download_id)
    late = ask(f"{kind}/asyn/id", NOW + 60_000, downloadId=download_id)

    assert (early["status"], early["url"], early["expirationTimestamp"]) == ("processing", "", -1)
    assert (late["status"], late["notified"], late["expirationTimestamp"]) == ("completed", True, NOW + DAY_MS)
    assert download_id in late["url"]


@pytest.mark.parametrize("download_id", ["1", "x" * 18, f"2{NOW:017}", f"1{NOW + 1:017}"])
def test_an_id_that_was_never_given_out_has_no_link(download_id: str) -> None:
    with pytest.raises(VenueError, match="-1130"):
        ask("income/asyn/id", downloadId=download_id)


@pytest.mark.parametrize(
    ("start", "end", "code"), [(NOW, NOW - 1, "-1023"), (NOW - 400 * DAY_MS, NOW, "-1127"), (NOW, "", "-1102")]
)
def test_a_download_covers_a_year_at_most(start: int, end: object, code: str) -> None:
    with pytest.raises(VenueError, match=code):
        ask("order/asyn", startTime=start, endTime=end)
