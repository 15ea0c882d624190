"""A word that nobody knows is refused before it is quietly ignored."""

from __future__ import annotations

from typing import Any

import pytest

from simulator import ConfigurationError, MarketTerms, Profile, RiskTerms, Simulator


@pytest.mark.parametrize(
    ("kind", "field", "value", "complaint"),
    [
        (MarketTerms, "liquidity", "Book", "expected one of 'one_price', 'book', got 'Book': did you mean 'book'?"),
        (MarketTerms, "levels", "100", "expected an int, got '100'"),
        (MarketTerms, "level_notional", 0.1, "expected a Decimal, got 0.1"),
        (RiskTerms, "funding", "auto", "expected one of 'scripted', 'automatic', got 'auto'"),
        (RiskTerms, "margin_call_ratio", "0.8", "expected a Decimal, got '0.8'"),
        (Profile, "trade_lite", "lst", "got 'lst': did you mean 'last'?"),
        (Profile, "late_order", -1022, "expected one of -5028, -1021, got -1022"),
        (Profile, "silent_forms", frozenset({"paths"}), "got 'paths': did you mean 'path'?"),
        (Profile, "weights", [], "expected a Mapping"),
    ],
)
def test_terms_that_are_none_are_named(kind: type[Any], field: str, value: object, complaint: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        kind(**{field: value})

    assert str(refused.value).startswith(f"{kind.__name__}({field}=...): ")
    assert complaint in str(refused.value)


def test_what_may_be_nothing_may_be_nothing() -> None:
    assert RiskTerms(margin_call_ratio=None).margin_call_ratio is None


@pytest.mark.parametrize(
    ("terms", "complaint"),
    [
        ({"market": "book"}, "market: expected a MarketTerms, got 'book'"),
        ({"risk": "automatic"}, "risk: expected a RiskTerms, got 'automatic'"),
        ({"profile": "strict"}, "profile: expected a Profile, got 'strict'"),
        ({"rate_limits": "off"}, "rate_limits: expected one of 'enforced', 'counted', got 'off'"),
    ],
)
def test_a_simulator_of_other_terms_is_refused(terms: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        Simulator(**terms)
