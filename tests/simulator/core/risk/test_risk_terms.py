"""Terms that no exchange could have are refused."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator import ConfigurationError
from simulator.core.risk.risk_terms import RiskTerms


@pytest.mark.parametrize("ratio", ["0", "1.1", "-1"])
def test_a_call_comes_somewhere_between_nothing_and_the_end(ratio: str) -> None:
    with pytest.raises(ConfigurationError, match="margin_call_ratio"):
        RiskTerms(margin_call_ratio=Decimal(ratio))


def test_a_fund_begins_with_something_or_nothing() -> None:
    RiskTerms(insurance_fund=Decimal(0))
    with pytest.raises(ConfigurationError, match="insurance_fund"):
        RiskTerms(insurance_fund=Decimal(-1))
