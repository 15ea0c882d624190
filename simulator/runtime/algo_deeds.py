"""What only the exchange, or another client of the account, can do to conditional orders."""

from __future__ import annotations

from simulator.core.accounts.external import external_algo_params
from simulator.core.conditional.algo_orders import REJECTED, AlgoOrder
from simulator.core.domain import CANCELED, EXPIRED
from simulator.core.lookup import find_account, find_waiting_algo
from simulator.core.rest.algo_endpoints import place_algo
from simulator.errors import BadStatusError
from simulator.runtime.deeds import Deeds

__all__ = ["AlgoDeeds"]


class AlgoDeeds(Deeds):
    """Triggers conditional orders, ends them, and places those of others."""

    def trigger(self, order: str | int, *, account: str | None = None) -> None:
        """Trigger a conditional order wherever the price is: its child is sent, and fills if the market lets it.

        `order` is a client algo id or an algo id. Raises `UnknownOrderError` or `OrderNotOpenError`.
        """
        algos, found = self._floor.venue.algos, self._waiting(order, account)
        self._floor.act("action", f"trigger {order}", lambda now_ms: algos.trigger(found, now_ms))

    def end_algo(
        self, order: str | int, status: str = CANCELED, *, reason: str = "", account: str | None = None
    ) -> None:
        """End a conditional order that waits: CANCELED, EXPIRED or REJECTED. `reason` is the wire's `rm`.

        Raises `UnknownOrderError`, `OrderNotOpenError`, or `BadStatusError` for another status.
        """
        known = (CANCELED, EXPIRED, REJECTED)
        if status not in known:
            raise BadStatusError(status, known)
        algos, found = self._floor.venue.algos, self._waiting(order, account)
        self._floor.act("action", f"{status} {order}", lambda now_ms: [algos.end(found, status, reason, now_ms)])

    def place_external_algo(self, *, account: str | None = None, **order: object) -> int:
        """Place a conditional order as another client of the account would, and return its algo id.

        Arguments are those of POST /fapi/v1/algoOrder in snake case (`symbol`, `side`, `type`, `quantity`,
        `trigger_price`, `price`, `close_position`, `reduce_only`, `working_type`, `activate_price`, `callback_rate`,
        `client_algo_id`, `position_side`, `time_in_force`). Raises `VenueError` when it is refused.
        """
        floor = self._floor
        owner = find_account(floor.venue.exchange, account)
        params = external_algo_params(order)
        placed, facts = place_algo(floor.venue, owner, params, floor.clock.time_ms())
        floor.act("action", f"external order {placed.algo_id}", lambda _: facts, account=owner.name, body=params)
        return placed.algo_id

    def _waiting(self, order: str | int, account: str | None) -> AlgoOrder:
        venue = self._floor.venue
        return find_waiting_algo(venue, find_account(venue.exchange, account), order)
