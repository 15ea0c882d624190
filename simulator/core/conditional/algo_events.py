"""How a conditional order is told on a user stream: the content of ALGO_UPDATE. Its one-letter keys appear here alone,
and those of CONDITIONAL_ORDER_TRIGGER_REJECT, the event that told of a refused child before there was ALGO_UPDATE.

Which keys there are depends on how far the order is, as captured: `ap`, `aq` and `act` are absent while it waits and
triggers; TRIGGERED has zeros, although the child may have filled by then; FINISHED what the child came to. An order
that ended without a child has them as the documentation's sample has them. `rm` is there when the exchange ended it.
"""

from __future__ import annotations

from typing import Any

from simulator.core.amounts import average, trimmed
from simulator.core.conditional.algo_orders import CONDITIONAL, FINISHED, REJECTED, TRIGGERED, AlgoOrder
from simulator.core.domain import CANCELED, EXPIRED
from simulator.core.profile import Profile
from simulator.core.trading.orders import Order

__all__ = ["ALGO_UPDATE", "TRIGGER_REJECT", "algo_content", "rejection_content"]

ALGO_UPDATE = "ALGO_UPDATE"
TRIGGER_REJECT = "CONDITIONAL_ORDER_TRIGGER_REJECT"


def algo_content(algo: AlgoOrder, child: Order | None, profile: Profile) -> dict[str, Any]:
    """Return the `o` of ALGO_UPDATE. `child` is the order that it sent, as it was then."""
    terms = algo.terms
    return {
        "caid": algo.client_algo_id,
        "aid": algo.algo_id,
        "at": CONDITIONAL,
        "o": terms.type,
        "s": terms.symbol,
        "S": terms.side,
        "ps": terms.position_side,
        "f": terms.time_in_force,
        "q": trimmed(terms.quantity),
        "X": algo.status,
        **_child(algo, child, profile),
        "tp": trimmed(terms.trigger_price),
        "p": trimmed(terms.price),
        "V": terms.self_trade_prevention,
        "wt": terms.working_type,
        "pm": terms.price_match,
        "cp": terms.close_position,
        "pP": terms.price_protect,
        "R": terms.reduce_only,
        "tt": algo.triggered_ms,
        "gtd": terms.good_till_ms,
        **({"rm": algo.reason} if algo.reason else {}),
        **_trailing(algo, profile),
        "ia": algo.is_activated,
    }


def rejection_content(algo: AlgoOrder) -> dict[str, Any]:
    """Return the `or` of CONDITIONAL_ORDER_TRIGGER_REJECT."""
    return {"s": algo.symbol, "i": algo.algo_id, "r": algo.reason}


def _trailing(algo: AlgoOrder, profile: Profile) -> dict[str, str]:
    if profile.algo_trailing_terms == "absent" or not algo.terms.callback_rate:
        return {}
    return {"AP": trimmed(algo.terms.activation_price), "cr": trimmed(algo.terms.callback_rate)}


def _child(algo: AlgoOrder, child: Order | None, profile: Profile) -> dict[str, Any]:
    match algo.status:
        case _ if algo.status == TRIGGERED:
            named = profile.algo_triggered == "with_child_id"
            return {"ai": str(algo.child_id) if named else "", "ap": "0", "aq": "0", "act": algo.terms.child_type}
        case _ if algo.status == FINISHED and child is not None:
            executed = {"ap": average(child.average_price), "aq": trimmed(child.executed)}
            return {"ai": str(algo.child_id), **executed, "act": child.type}
        case _ if algo.status in {CANCELED, EXPIRED, REJECTED}:
            return {"ai": "", "ap": "0.00000", "aq": "0.00000", "act": "0"}
        case _:
            return {"ai": ""}
