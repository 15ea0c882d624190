"""The endpoints of conditional orders.

Where no source says otherwise they answer like those of plain orders: -2011 for what cannot be cancelled, -2013 for
what is not found, the same pages and the same days of retention. An order that has triggered is no longer open: it
cannot be cancelled (-4117 while it triggers), its child can.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from simulator.core.accounts.account import Account
from simulator.core.conditional.algo_bodies import (
    algo_cancelled,
    listed_algo_order,
    placed_algo_order,
    queried_algo_order,
)
from simulator.core.conditional.algo_book import AlgoBook
from simulator.core.conditional.algo_orders import CONDITIONAL, TRIGGERING, AlgoOrder
from simulator.core.conditional.algo_validation import read_algo_terms
from simulator.core.domain import CANCELED
from simulator.core.facts import Fact
from simulator.core.rest import venue_error
from simulator.core.rest.params import Params, optional_integer
from simulator.core.rest.retention import read_page
from simulator.core.rest.trading_endpoints import check_agreement, circumstances
from simulator.core.rest.venue_error import VenueError, invalid_parameter, refusal
from simulator.core.trading.validation import check_response_type, known_symbol, read_client_order_id
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES", "place_algo"]


def place_algo(venue: Venue, account: Account, params: Params, now_ms: int) -> tuple[AlgoOrder, list[Fact]]:
    """Check and place the order that the parameters of POST algoOrder describe. Raises `VenueError`."""
    spec = known_symbol(params, venue.exchange.symbols)
    terms = read_algo_terms(params, circumstances(venue, account, spec, now_ms), venue.profile)
    client_algo_id = read_client_order_id(params, "clientAlgoId")
    check_response_type(params)
    check_agreement(venue, account, spec)
    return venue.algos.place(account, terms, client_algo_id, now_ms)


def new_algo_order(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/algoOrder."""
    algo, facts = place_algo(venue, venue.account(call), call.params, call.now_ms)
    return Answer(placed_algo_order(algo, venue.exchange.symbols[algo.symbol]), facts, is_order=True)


def cancel_algo_order(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/algoOrder."""
    algo = _named_algo_order(venue, call)
    if algo is not None and algo.status == TRIGGERING:
        raise refusal(venue_error.STOP_TRIGGERING)
    if algo is None or not algo.is_waiting:
        raise refusal(venue_error.UNKNOWN_ORDER)
    return Answer(algo_cancelled(algo), [venue.algos.end(algo, CANCELED, "", call.now_ms)])


def cancel_all_algo_orders(venue: Venue, call: Call) -> Answer:
    """DELETE /fapi/v1/algoOpenOrders."""
    symbol = known_symbol(call.params, venue.exchange.symbols).symbol
    facts = venue.algos.cancel_all(call.account, symbol, call.now_ms)
    return Answer({"code": 200, "msg": "The operation of cancel all open order is done."}, facts)


def query_algo_order(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/algoOrder."""
    algo = _named_algo_order(venue, call)
    if algo is None or not venue.algos.is_kept(algo, call.now_ms):
        raise refusal(venue_error.NO_SUCH_ORDER)
    child = venue.account(call).orders.get(algo.child_id)
    return Answer(queried_algo_order(algo, child, venue.exchange.symbols[algo.symbol]))


def open_algo_orders(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/openAlgoOrders, of one symbol or of all."""
    params = call.params
    if params.get("algoType", CONDITIONAL) != CONDITIONAL:
        raise invalid_parameter("algoType")
    symbol = known_symbol(params, venue.exchange.symbols).symbol if params.get("symbol") else None
    algo_id = optional_integer(params, "algoId")
    chosen = [
        algo
        for algo in venue.algo_orders(call)
        if algo.is_waiting and symbol in {None, algo.symbol} and algo_id in {None, algo.algo_id}
    ]
    return Answer(_rows(venue, call, chosen))


def all_algo_orders(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/allAlgoOrders."""
    symbol = known_symbol(call.params, venue.exchange.symbols).symbol
    page = read_page(call.params, "algoId", call.now_ms)
    kept = [
        algo for algo in venue.algo_orders(call) if algo.symbol == symbol and venue.algos.is_kept(algo, call.now_ms)
    ]
    return Answer(_rows(venue, call, page.select(kept, lambda algo: algo.algo_id, lambda algo: algo.created_ms)))


def _rows(venue: Venue, call: Call, algos: list[AlgoOrder]) -> list[dict[str, Any]]:
    orders, symbols = venue.account(call).orders, venue.exchange.symbols
    return [listed_algo_order(algo, orders.get(algo.child_id), symbols[algo.symbol]) for algo in algos]


def _named_algo_order(venue: Venue, call: Call) -> AlgoOrder | None:
    """Return the order that `algoId`, or else `clientAlgoId`, names: of a repeated client id the newest."""
    params = call.params
    algo_id = optional_integer(params, _spelled(params, "algoId"))
    client_algo_id = params.get(_spelled(params, "clientAlgoId"))
    if algo_id is None and not client_algo_id:
        message = "Param 'clientAlgoId' or 'algoId' must be sent, but both were empty/null!"
        raise VenueError(-1102, message)
    if call.as_of_ms is None:
        return _now_named(venue.algos, call.account, algo_id, client_algo_id or "")
    for algo in reversed(venue.algo_orders(call)):
        if algo.algo_id == algo_id if algo_id is not None else algo.client_algo_id == client_algo_id:
            return algo
    return None


def _spelled(params: Params, name: str) -> str:
    """Return how the name was written: Binance's pages on cancelling have both in lower case, and so have clients."""
    return name if name in params else name.lower()


def _now_named(algos: AlgoBook, account: str, algo_id: int | None, client_algo_id: str) -> AlgoOrder | None:
    return algos.order_named(account, client_algo_id) if algo_id is None else algos.order(account, algo_id)


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("POST", "/fapi/v1/algoOrder"): Route(new_algo_order, "signed", 0, orders=(1, 1)),
    ("DELETE", "/fapi/v1/algoOrder"): Route(cancel_algo_order, "signed"),
    ("GET", "/fapi/v1/algoOrder"): Route(query_algo_order, "signed", reads="orders"),
    ("GET", "/fapi/v1/openAlgoOrders"): Route(open_algo_orders, "signed", 1, 40, reads="orders"),
    ("GET", "/fapi/v1/allAlgoOrders"): Route(all_algo_orders, "signed", 5, reads="orders"),
    ("DELETE", "/fapi/v1/algoOpenOrders"): Route(cancel_all_algo_orders, "signed"),
}
