"""Every form of stream URL that clients use is understood."""

from __future__ import annotations

import pytest

from simulator.core.streams.stream_target import class_of, read_target


@pytest.mark.parametrize(
    ("url", "root", "combined", "names"),
    [
        ("/ws", "unrouted", False, []),
        ("/ws/K", "unrouted", False, ["K unrouted"]),
        ("/stream", "unrouted", True, []),
        ("/stream?streams=K/btcusdt@aggTrade", "unrouted", True, ["K unrouted", "btcusdt@aggTrade unrouted"]),
        ("/private/ws", "private", False, []),
        ("/private/ws/K", "private", False, ["K path"]),
        ("/private/ws?listenKey=K", "private", False, ["K query"]),
        ("/private/ws?listenKey=K&events=A/B", "private", False, ["K@A query_events", "K@B query_events"]),
        ("/private/stream", "private", True, []),
        ("/private/stream?listenKey=K", "private", True, ["K query"]),
        (
            "/private/stream?listenKey=K&events=A&listenKey=L&events=B/C",
            "private",
            True,
            ["K@A query_events", "L@B query_events", "L@C query_events"],
        ),
        ("/private/stream?listenKey=K&listenKey=L&events=A", "private", True, ["K query", "L@A query_events"]),
        ("/public/ws/btcusdt@bookTicker", "public", False, ["btcusdt@bookTicker unrouted"]),
        ("/market/stream?streams=btcusdt@markPrice", "market", True, ["btcusdt@markPrice query"]),
    ],
)
def test_a_url_says_what_is_subscribed(url: str, root: str, combined: bool, names: list[str]) -> None:
    path, _, query = url.partition("?")

    target = read_target(path, query)

    assert target is not None
    assert (target.root, target.is_combined) == (root, combined)
    assert [f"{name} {form}" for name, form in target.names] == names


@pytest.mark.parametrize("path", ["/fapi/v1/ping", "/", "/private", "/private/api/K"])
def test_other_paths_are_no_streams(path: str) -> None:
    assert read_target(path, "") is None


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("btcusdt@bookTicker", "public"),
        ("!bookTicker", "public"),
        ("btcusdt@depth", "public"),
        ("btcusdt@depth5@100ms", "public"),
        ("btcusdt@rpiDepth@500ms", "public"),
        ("btcusdt@aggTrade", "market"),
        ("btcusdt@kline_1m", "market"),
        ("btcusdt_perpetual@continuousKline_1m", "market"),
        ("!markPrice@arr@1s", "market"),
        ("!contractInfo", "market"),
        ("tradingSession", "market"),
        ("K" * 64, "private"),
        ("K@ORDER_TRADE_UPDATE", "private"),
        ("K@listenKeyExpired", "private"),
    ],
)
def test_each_name_has_its_class(name: str, expected: str) -> None:
    assert class_of(name) == expected
