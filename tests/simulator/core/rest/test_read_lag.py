"""Each kind of query has its lag, a path may have its own, and replicas may take turns."""

from __future__ import annotations

from simulator.core.rest.read_lag import LagTerms, ReadLag

NOW = 1_790_000_000_000


def test_orders_and_account_lag_apart_and_a_path_by_itself() -> None:
    lag = ReadLag(LagTerms(orders_ms=40_000, account_ms=5_000, paths={"/open": 12_000, "/fresh": 0}))

    assert lag.as_of("/any", "orders", NOW) == NOW - 40_000
    assert lag.as_of("/any", "account", NOW) == NOW - 5_000
    assert lag.as_of("/open", "orders", NOW) == NOW - 12_000
    assert lag.as_of("/fresh", "orders", NOW) is None
    assert lag.as_of("/any", "present", NOW) is None


def test_without_terms_nothing_lags() -> None:
    assert ReadLag(LagTerms()).as_of("/any", "orders", NOW) is None


def test_replicas_take_turns_path_by_path() -> None:
    lag = ReadLag(LagTerms(orders_ms=1_000, replicas="alternating"))

    assert [lag.as_of("/one", "orders", NOW) for _ in range(3)] == [NOW - 1_000, None, NOW - 1_000]
    assert lag.as_of("/other", "orders", NOW) == NOW - 1_000
