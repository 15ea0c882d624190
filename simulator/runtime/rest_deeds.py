"""What happens over REST: requests of others, and answers that are late. `Simulator.on_request` scripts single ones."""

from __future__ import annotations

from collections.abc import Mapping

from simulator.core.accounts.external import external_texts
from simulator.core.accounts.past import MOST_LAG_MS
from simulator.core.journal import masked_params
from simulator.core.lookup import find_account
from simulator.core.rest.endpoints import ROUTES
from simulator.core.rest.read_lag import LagTerms, ReadLag, Replicas
from simulator.core.venue import Call
from simulator.errors import BadAmountError, UnknownPathError
from simulator.runtime.deeds import Deeds

__all__ = ["RestDeeds"]


class RestDeeds(Deeds):
    """Sends requests of other clients, and lets queries lag behind the matching engine."""

    def request_external(self, method: str, path: str, *, account: str | None = None, **params: object) -> object:
        """Send a request as another client of the account would, and return the body of its answer.

        Parameters are those of the endpoint, by their wire names. What it causes is told on the streams. No rule takes
        it, and no limit counts it. Raises `UnknownPathError`, or `VenueError` when it is refused.
        """
        floor = self._floor
        owner = find_account(floor.venue.exchange, account)
        route = ROUTES.get((method, path))
        if route is None:
            raise UnknownPathError(path, [known for allowed, known in ROUTES if allowed == method])
        sent = external_texts(params)
        answer = route.endpoint(floor.venue, Call(sent, owner.name, floor.clock.time_ms()))
        summary = f"external {method} {path}"
        floor.act("action", summary, lambda _: answer.facts, account=owner.name, body=masked_params(sent))
        return answer.body

    def rest_lag(
        self,
        *,
        orders_s: float = 0.0,
        account_s: float = 0.0,
        paths: Mapping[str, float] | None = None,
        replicas: Replicas = "one",
    ) -> None:
        """Answer queries as the exchange was some seconds ago, from now on; without arguments, as it is.

        `orders_s` is the lag of orders and trades: a new order is unknown (-2013), a fill is not listed, an order that
        has ended is still open. `account_s` is that of positions and balances. `paths` gives single paths a lag of
        their own (`{"/fapi/v1/openOrders": 12.0}`). Of `replicas` that are "alternating", the first lags and answers
        the first, third, ... query of a path; the other is fresh. Commands, DELETE included, never lag.

        Raises `BadAmountError` for a lag below 0 or above 600 s, `UnknownPathError` for a path that reads nothing.
        """
        readable = [path for (_, path), route in ROUTES.items() if route.reads != "present"]
        for path in paths or ():
            if path not in readable:
                raise UnknownPathError(path, readable)
        terms = LagTerms(
            orders_ms=_lag_ms(orders_s),
            account_ms=_lag_ms(account_s),
            paths={path: _lag_ms(lag_s) for path, lag_s in (paths or {}).items()},
            replicas=replicas,
        )
        floor = self._floor
        floor.venue.read_lag = ReadLag(terms)
        floor.chronicle.record("action", summary=f"REST lags: orders {orders_s:g} s, account {account_s:g} s")


def _lag_ms(seconds: float) -> int:
    lag_ms = round(seconds * 1000)
    if not 0 <= lag_ms <= MOST_LAG_MS:
        raise BadAmountError(seconds, f"a lag of 0 to {MOST_LAG_MS / 1000:g} s")
    return lag_ms
