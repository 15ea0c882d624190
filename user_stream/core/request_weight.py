"""What requests cost, and how much of a minute's allowance is gone.

The exchange gives each address 2,400 of request weight a minute (6,000 on the demo), in minutes of its own clock, and
says with every answer how much is used. That count is the truth, for it holds what other processes of this address
spent as well; our own table bridges the time until an answer says it, and stands in where none does. Weights: USDⓈ-M
Futures REST API, Trade and Account, "Request Weight" of each page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["EXCHANGE_WEIGHT_PER_MINUTE", "MINUTE_MS", "WeightWindow", "weight_of"]

MINUTE_MS: Final = 60_000
EXCHANGE_WEIGHT_PER_MINUTE: Final = 2400

_WEIGHTS: Final[Mapping[tuple[str, str], int]] = {
    ("POST", "/fapi/v1/order"): 0,
    ("PUT", "/fapi/v1/order"): 0,
    ("POST", "/fapi/v1/algoOrder"): 0,
    ("GET", "/fapi/v1/allOrders"): 5,
    ("GET", "/fapi/v1/allAlgoOrders"): 5,
    ("GET", "/fapi/v1/userTrades"): 5,
    ("GET", "/fapi/v3/account"): 5,
    ("GET", "/fapi/v3/balance"): 5,
    ("GET", "/fapi/v3/positionRisk"): 5,
    ("GET", "/fapi/v1/accountConfig"): 5,
    ("GET", "/fapi/v1/symbolConfig"): 5,
    ("GET", "/fapi/v1/commissionRate"): 20,
    ("GET", "/fapi/v1/forceOrders"): 20,
    ("GET", "/fapi/v1/income"): 30,
    ("GET", "/fapi/v1/positionSide/dual"): 30,
    ("GET", "/fapi/v1/multiAssetsMargin"): 30,
}
"""Everything else that this library asks weighs 1."""

_WEIGHTS_OF_ALL_SYMBOLS: Final[Mapping[tuple[str, str], int]] = {
    ("GET", "/fapi/v1/openOrders"): 40,
    ("GET", "/fapi/v1/openAlgoOrders"): 40,
    ("GET", "/fapi/v1/forceOrders"): 50,
}


def weight_of(method: str, path: str, params: Mapping[str, object]) -> int:
    """Return the weight of a request, which for some is larger when no symbol is named."""
    if "symbol" not in params and (method, path) in _WEIGHTS_OF_ALL_SYMBOLS:
        return _WEIGHTS_OF_ALL_SYMBOLS[method, path]
    return _WEIGHTS.get((method, path), 1)


@dataclass(slots=True)
class WeightWindow:
    """What this minute of the exchange's clock has used: what was answered, and what is still under way."""

    minute: int = 0
    counted: int = 0
    under_way: int = 0

    def used(self, now_ms: int) -> int:
        """Return what is used, as far as we know."""
        self._begin(now_ms // MINUTE_MS)
        return self.counted + self.under_way

    def sent(self, weight: int, now_ms: int) -> int:
        """A request leaves. Return the minute it belongs to."""
        self._begin(now_ms // MINUTE_MS)
        self.under_way += weight
        return self.minute

    def ended(self, weight: int, minute: int, said: int | None, now_ms: int) -> None:
        """A request of this minute is over. `said`: the exchange's count, if it answered.

        A count that comes out of order is too low, and one that comes after the turn of the minute is of no minute.
        """
        self._begin(now_ms // MINUTE_MS)
        self.under_way -= weight
        if said is None or minute != self.minute:
            self.counted += weight
        else:
            self.counted = max(self.counted, said)

    def _begin(self, minute: int) -> None:
        if minute != self.minute:  # backwards too: our clock may have run ahead until the exchange's was read
            self.minute, self.counted = minute, 0
