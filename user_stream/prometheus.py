"""The metrics for Prometheus, on `prometheus-client`, which is the extra `prometheus`.

    observer = PrometheusObserver()
    service = UserStreamService(..., observer=observer)

Each metric of the catalogue is `user_stream_` and its name, in lower case, with its unit; so `Metric.EVENT_LAG` is
`user_stream_event_lag_seconds`. Several accounts of one process share the registry, each with its own `account` label;
its value is a name that you choose, never a key.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias
from weakref import WeakKeyDictionary

from user_stream.core.metrics import Metric
from user_stream.errors import SettingsError
from user_stream.logs import hide_secrets

try:
    from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, start_http_server
except ModuleNotFoundError:
    _missing = "metrics need the library prometheus-client: pip install 'binance-user-stream[prometheus]'"
    raise ModuleNotFoundError(_missing, name="prometheus_client") from None

__all__ = ["PrometheusObserver", "serve_metrics"]

_Instrument: TypeAlias = Counter | Gauge | Histogram
_registered: WeakKeyDictionary[CollectorRegistry, dict[Metric, _Instrument]] = WeakKeyDictionary()


class PrometheusObserver:
    """Keeps the metrics of one account in a registry, by default the one that `prometheus_client` serves.

    `account`: the value of the label `account`, where one process follows several. Raises `SettingsError` when it
    looks like a key.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY, *, account: str = "") -> None:
        if hide_secrets(account) != account:
            message = "the label `account` looks like a key, and everybody may read labels: choose a name"
            raise SettingsError(message)
        self._account = account
        self._instruments = _registered.get(registry) or _register(registry)
        self._series: dict[tuple[object, ...], _Instrument] = {}
        for metric in Metric:
            if not metric.labels:  # what did not happen yet reads 0, rather than being absent
                self._one(metric, {})

    def count(self, metric: Metric, amount: int = 1, /, **labels: str) -> None:
        """Add to a counter."""
        series = self._one(metric, labels)
        assert isinstance(series, Counter)  # noqa: S101  the catalogue says so
        series.inc(amount)

    def gauge(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Set a gauge."""
        series = self._one(metric, labels)
        assert isinstance(series, Gauge)  # noqa: S101  the catalogue says so
        series.set(value)

    def observe(self, metric: Metric, value: float, /, **labels: str) -> None:
        """Put seconds into a histogram."""
        series = self._one(metric, labels)
        assert isinstance(series, Histogram)  # noqa: S101  the catalogue says so
        series.observe(value)

    def _one(self, metric: Metric, labels: dict[str, str]) -> _Instrument:
        key = (metric, *labels.values())
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = self._instruments[metric].labels(account=self._account, **labels)
        return series


def _register(registry: CollectorRegistry) -> dict[Metric, _Instrument]:
    _registered[registry] = made = {metric: _instrument(metric, registry) for metric in Metric}
    return made


def _instrument(metric: Metric, registry: CollectorRegistry) -> _Instrument:
    name = f"user_stream_{metric.name.lower()}" + (f"_{metric.unit}" if metric.unit else "")
    labels = ("account", *metric.labels)
    if metric.instrument == "histogram":
        return Histogram(name, metric.meaning, labels, registry=registry, buckets=metric.buckets)
    return (Counter if metric.instrument == "counter" else Gauge)(name, metric.meaning, labels, registry=registry)


@contextmanager
def serve_metrics(registry: CollectorRegistry = REGISTRY, *, port: int, host: str = "127.0.0.1") -> Iterator[str]:
    """Serve a registry over HTTP from a thread of its own, and give its address. Port 0 takes a free one.

    Raises `SettingsError` when the address cannot be listened at.
    """
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        message = f"metrics cannot be served at {host}, port {port}: {error.strerror or error}"
        raise SettingsError(message) from error
    try:
        shown = f"[{host}]" if ":" in host else host
        yield f"http://{shown}:{server.server_port}/metrics"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
