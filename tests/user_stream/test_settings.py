"""Settings that cannot work are refused when they are made, by name; addresses hold the key where it belongs."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from user_stream.core.events import PRIVATE_EVENTS
from user_stream.errors import SettingsError
from user_stream.settings import Environment, Settings, StreamUrlForm, stream_url

POSITIVE = [
    field.name for field in dataclasses.fields(Settings) if field.name.endswith(("_s", "_ms", "_frames", "_symbols"))
]


def test_the_defaults_are_those_of_production() -> None:
    settings = Settings()

    assert (settings.keepalive_interval_s, settings.listen_key_lifetime_s) == (1800, 3600)
    assert (settings.fill_cache_symbols, settings.fill_cache_max_age_s) == (500, 60)
    assert (settings.rest_lag_s, settings.hole_wait_s, settings.recv_window_ms) == (40, 2, 5000)
    assert settings.url_form is StreamUrlForm.PRIVATE_EVENTS
    assert settings.events == PRIVATE_EVENTS
    assert not settings.deliver_enrichment


@pytest.mark.parametrize("name", POSITIVE)
@pytest.mark.parametrize("value", [0, -1, float("nan")])
def test_an_amount_that_is_not_above_zero_is_refused_by_its_name(name: str, value: float) -> None:
    given: dict[str, Any] = {name: value}

    with pytest.raises(SettingsError, match=rf"Settings\.{name} must be greater than 0, not {value}"):
        Settings(**given)


def test_a_keepalive_that_would_come_too_late_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"keepalive_interval_s \(3300\) and keepalive_margin_s \(300\)"):
        Settings(keepalive_interval_s=3300)

    assert Settings(keepalive_interval_s=3299).keepalive_interval_s == 3299


def test_a_journal_that_forgets_what_a_recovery_reads_again_is_refused() -> None:
    with pytest.raises(SettingsError, match="journal_retention_s"):
        Settings(journal_retention_s=100.0)
    Settings(journal_retention_s=101.0)


def test_no_events_at_all_are_refused() -> None:
    with pytest.raises(SettingsError, match="at least one event"):
        Settings(events=())


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().rest_lag_s = 1  # type: ignore[misc]  # that it is refused is the claim


@pytest.mark.parametrize(
    ("rest_url", "stream_url"),
    [
        ("fapi.binance.com", "wss://fstream.binance.com"),
        ("https://fapi.binance.com", "https://fstream.binance.com"),
        ("ftp://fapi.binance.com", "wss://fstream.binance.com"),
        ("https://", "wss://fstream.binance.com"),
        ("http://fapi.binance.com", "wss://fstream.binance.com"),
        ("https://fapi.binance.com", "ws://fstream.binance.com"),
        ("http://10.0.0.1:80", "ws://127.0.0.1:80"),
    ],
)
def test_an_address_that_is_none_or_in_the_clear_is_refused_by_the_environments_name(
    rest_url: str, stream_url: str
) -> None:
    with pytest.raises(SettingsError, match="environment mine"):
        Environment("mine", rest_url, stream_url)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "[::1]"])
def test_loopback_may_go_without_tls(host: str) -> None:
    assert Environment.simulator(f"http://{host}:1", f"ws://{host}:1").name == "simulator"


@pytest.mark.parametrize("environment", [Environment.MAINNET, Environment.TESTNET])
def test_the_real_exchange_is_reached_only_in_private(environment: Environment) -> None:
    assert environment.rest_url.startswith("https://")
    assert environment.stream_url.startswith("wss://")


@pytest.mark.parametrize(
    ("form", "url"),
    [
        (StreamUrlForm.PRIVATE_EVENTS, "/private/ws?listenKey=KEY&events=ORDER_TRADE_UPDATE/listenKeyExpired"),
        (StreamUrlForm.PRIVATE_QUERY, "/private/ws?listenKey=KEY"),
        (StreamUrlForm.PRIVATE_PATH, "/private/ws/KEY"),
        (StreamUrlForm.PRIVATE_STREAM, "/private/stream?listenKey=KEY&events=ORDER_TRADE_UPDATE/listenKeyExpired"),
        (StreamUrlForm.LEGACY_PATH, "/ws/KEY"),
    ],
)
def test_each_form_of_address_is_written_as_documented(form: StreamUrlForm, url: str) -> None:
    events = ("ORDER_TRADE_UPDATE", "listenKeyExpired")

    assert stream_url(Environment.MAINNET, form, "KEY", events) == f"wss://fstream.binance.com{url}"


def test_an_address_with_a_slash_at_its_end_is_the_same_address() -> None:
    slashed = Environment("mine", "https://a.example/", "wss://b.example/")

    assert stream_url(slashed, StreamUrlForm.LEGACY_PATH, "KEY", ()) == "wss://b.example/ws/KEY"


def test_a_journal_may_be_named_by_text() -> None:
    assert Settings(journal="here/journal").journal == Settings(journal=Path("here/journal")).journal


@pytest.mark.parametrize("journal", ["", b"journal", 7, ["journal"]])
def test_a_journal_that_is_no_path_is_refused(journal: Any) -> None:
    with pytest.raises(SettingsError, match=r"Settings\.journal must be the path of a file"):
        Settings(journal=journal)
