"""The metrics as Prometheus scrapes them."""

from __future__ import annotations

import importlib
import socket
import sys
from urllib.request import ProxyHandler, build_opener

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from tests.scenarios.desk import open_desk
from user_stream import UserStreamService
from user_stream.core.metrics import Metric
from user_stream.errors import SettingsError
from user_stream.prometheus import PrometheusObserver, serve_metrics


def scrape(url: str) -> str:
    """Return what is served, without asking any proxy."""
    with build_opener(ProxyHandler({})).open(url, timeout=10) as answer:
        return str(answer.read().decode())


def samples(registry: CollectorRegistry) -> dict[tuple[str, ...], float]:
    """Return the values that are served, by name and labels but the account."""
    with serve_metrics(registry, port=0) as url:
        text = scrape(url)
    return {
        (sample.name, *(value for label, value in sorted(sample.labels.items()) if label != "account")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_every_metric_of_the_catalogue_can_be_told_and_scraped(registry: CollectorRegistry) -> None:
    observer = PrometheusObserver(registry)
    for metric in Metric:
        labels = dict.fromkeys(metric.labels, "x")
        if metric.instrument == "counter":
            observer.count(metric, 2, **labels)
        elif metric.instrument == "gauge":
            observer.gauge(metric, 2.5, **labels)
        else:
            observer.observe(metric, 0.25, **labels)
    told = samples(registry)

    assert told["user_stream_frames_total",] == 2
    assert told["user_stream_events_total", "x"] == 2
    assert told["user_stream_lease_age_seconds",] == 2.5
    assert told["user_stream_event_lag_seconds_sum",] == 0.25
    assert told["user_stream_callback_duration_seconds_count", "x"] == 1
    families = {name for name, *_ in told if name.startswith("user_stream_")}
    assert len([name for name in families if name.endswith(("_total", "_count"))]) == len(
        [metric for metric in Metric if metric.instrument != "gauge"]
    )


def test_what_did_not_happen_yet_reads_zero(registry: CollectorRegistry) -> None:
    PrometheusObserver(registry)

    assert samples(registry)["user_stream_gaps_total",] == 0


def test_accounts_share_a_registry_and_stay_apart(registry: CollectorRegistry) -> None:
    for account, times in (("one", 1), ("two", 2)):
        PrometheusObserver(registry, account=account).count(Metric.GAPS, times)

    assert registry.get_sample_value("user_stream_gaps_total", {"account": "one"}) == 1
    assert registry.get_sample_value("user_stream_gaps_total", {"account": "two"}) == 2


def test_observer_that_is_made_anew_goes_on_counting(registry: CollectorRegistry) -> None:
    PrometheusObserver(registry).count(Metric.GAPS)
    PrometheusObserver(registry).count(Metric.GAPS)

    assert samples(registry)["user_stream_gaps_total",] == 2


def test_key_is_refused_as_the_name_of_an_account(registry: CollectorRegistry) -> None:
    with pytest.raises(SettingsError, match="looks like a key") as refused:
        PrometheusObserver(registry, account="k" * 64)

    assert "k" * 64 not in str(refused.value)


def test_only_this_machine_is_served_and_the_port_is_free_again_afterwards(registry: CollectorRegistry) -> None:
    with serve_metrics(registry, port=0) as url:
        port = int(url.split(":")[2].partition("/")[0])
    with serve_metrics(registry, port=port) as again:
        assert again == url == f"http://127.0.0.1:{port}/metrics"


def test_address_that_is_taken_is_a_clear_error(registry: CollectorRegistry) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(SettingsError, match=rf"cannot be served at 127\.0\.0\.1, port {port}: "),
            serve_metrics(registry, port=port),
        ):
            pytest.fail("two cannot listen at one port")


def test_without_the_library_the_error_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "user_stream.prometheus")
    monkeypatch.setitem(sys.modules, "prometheus_client", None)

    with pytest.raises(ModuleNotFoundError, match=r"pip install 'binance-user-stream\[prometheus\]'"):
        importlib.import_module("user_stream.prometheus")


async def test_day_of_a_service_is_measured_and_no_secret_is_in_it(registry: CollectorRegistry) -> None:
    async with open_desk() as desk:
        account = desk.sim.account
        async with UserStreamService(
            account.api_key, account.api_secret, desk.orders, desk.book, environment=desk.environment,
            observer=PrometheusObserver(registry),
        ):  # fmt: skip
            await desk.resting("a")
            desk.sim.cut_connections()
            desk.sim.fill("a", "0.010")
            await desk.until_state("a", "filled")
            await desk.until(lambda: value(registry, "user_stream_gap_length_seconds_count") == 1)

    assert value(registry, "user_stream_gaps_total") == 1
    assert value(registry, "user_stream_fills_total", source="rest") == 1
    assert value(registry, "user_stream_state", state="stopped") == 1
    assert value(registry, "user_stream_state", state="live") == 0
    assert account.api_key not in generate_latest(registry).decode()


def value(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    return registry.get_sample_value(name, {"account": "", **labels})
