"""The endpoints of conversion: which assets can be exchanged for which, asking for a quote, accepting it, its end.

The assets are those that may be margin, as `exchangeInfo` lists them. A quote is checked in this order: both assets
(-1102, -1126; -4144 when they are the same), one amount of the two (-1102 neither, -1128 both; -1100), `validTime`
(-1130), its decimals (-1111) and its size (-1130). An accepted quote is in PROCESS for its sender, and SUCCESS for
whoever asks: it is done at once. Binance's own codes for such refusals are not known; these are its general ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from simulator.core.accounts.conversion import Conversion, Pair, Quote, Wish, bounds, convertible_pairs
from simulator.core.amounts import money, trimmed
from simulator.core.market.exchange_info import margin_assets
from simulator.core.rest import venue_error
from simulator.core.rest.params import Params, integer, number, optional_integer, text
from simulator.core.rest.venue_error import VenueError, invalid_parameter, refusal
from simulator.core.venue import Answer, Call, Route, Venue

__all__ = ["ROUTES"]

_VALID_TIME: Final = "10s"


def list_pairs(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/convert/exchangeInfo: all pairs, or those from an asset, or to one."""
    wanted = call.params.get("fromAsset"), call.params.get("toAsset")
    rows = [
        _listed(pair)
        for pair in _pairs(venue)
        if wanted[0] in {None, "", pair.from_asset} and wanted[1] in {None, "", pair.to_asset}
    ]
    return Answer(rows)


def ask_for_quote(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/convert/getQuote."""
    params = call.params
    pair = _named_pair(venue, params)
    side = _named_side(params)
    wish = Wish(pair, side, number(params, f"{side}Amount"))
    if params.get("validTime") not in {None, "", _VALID_TIME}:
        raise invalid_parameter("validTime")
    quote = venue.conversions.offer(venue.exchange, venue.account(call), wish, call.now_ms)
    named = {"quoteId": str(quote.quote_id)} if quote.number else {}
    return Answer(named | _ratios(pair) | {"validTimestamp": quote.end_ms} | _amounts(quote))


def accept_quote(venue: Venue, call: Call) -> Answer:
    """POST /fapi/v1/convert/acceptQuote."""
    quote_id = integer(call.params, "quoteId")
    conversion, facts = venue.conversions.accept(venue.exchange, venue.account(call), quote_id, call.now_ms)
    body = {"orderId": str(conversion.order_id), "createTime": conversion.time_ms, "orderStatus": "PROCESS"}
    return Answer(body, facts)


def order_status(venue: Venue, call: Call) -> Answer:
    """GET /fapi/v1/convert/orderStatus. Of two ids the order id wins."""
    conversion = _named_conversion(venue, call)
    if conversion is None:
        raise refusal(venue_error.NO_SUCH_ORDER)
    pair = conversion.quote.pair
    body = {
        "orderId": conversion.order_id,
        "orderStatus": "SUCCESS",
        "fromAsset": pair.from_asset,
        "toAsset": pair.to_asset,
        "createTime": conversion.time_ms,
    }
    return Answer(body | _amounts(conversion.quote) | _ratios(pair))


def _pairs(venue: Venue) -> Iterator[Pair]:
    exchange = venue.exchange
    return convertible_pairs(margin_assets(exchange.symbols.values()), exchange.marks)


def _named_pair(venue: Venue, params: Params) -> Pair:
    named = text(params, "fromAsset"), text(params, "toAsset")
    pairs = {(pair.from_asset, pair.to_asset): pair for pair in _pairs(venue)}
    known = {asset for pair in pairs for asset in pair}
    if not known.issuperset(named):
        raise refusal(venue_error.ASSET_NOT_SUPPORTED)
    if named not in pairs:
        raise refusal(venue_error.BAD_PAIR)
    return pairs[named]


def _named_side(params: Params) -> Literal["from", "to"]:
    """Return of which asset the request names the amount. Raises `VenueError` -1102 for none, -1128 for both."""
    is_from, is_to = bool(params.get("fromAmount")), bool(params.get("toAmount"))
    if is_from and is_to:
        raise refusal(venue_error.BAD_COMBINATION)
    if not is_from and not is_to:
        raise _neither("fromAmount", "toAmount")
    return "from" if is_from else "to"


def _named_conversion(venue: Venue, call: Call) -> Conversion | None:
    order_id = optional_integer(call.params, "orderId")
    if order_id is not None:
        return venue.conversions.of_order(call.account, order_id)
    quote_id = optional_integer(call.params, "quoteId")
    if quote_id is None:
        raise _neither("orderId", "quoteId")
    return venue.conversions.of_quote(call.account, quote_id)


def _neither(one: str, other: str) -> VenueError:
    return VenueError(-1102, f"Param '{one}' or '{other}' must be sent, but both were empty/null!")


def _listed(pair: Pair) -> dict[str, Any]:
    (from_least, from_most), (to_least, to_most) = bounds(pair.from_index), bounds(pair.to_index)
    return {
        "fromAsset": pair.from_asset,
        "toAsset": pair.to_asset,
        "fromAssetMinAmount": trimmed(from_least),
        "fromAssetMaxAmount": trimmed(from_most),
        "toAssetMinAmount": trimmed(to_least),
        "toAssetMaxAmount": trimmed(to_most),
    }


def _ratios(pair: Pair) -> dict[str, Any]:
    return {"ratio": trimmed(money(pair.ratio)), "inverseRatio": trimmed(money(pair.inverse_ratio))}


def _amounts(quote: Quote) -> dict[str, Any]:
    return {"toAmount": trimmed(quote.to_amount), "fromAmount": trimmed(quote.from_amount)}


ROUTES: Final[Mapping[tuple[str, str], Route]] = {
    ("GET", "/fapi/v1/convert/exchangeInfo"): Route(list_pairs, "none", 20),
    ("POST", "/fapi/v1/convert/getQuote"): Route(ask_for_quote, "signed", 50),
    ("POST", "/fapi/v1/convert/acceptQuote"): Route(accept_quote, "signed", 200),
    ("GET", "/fapi/v1/convert/orderStatus"): Route(order_status, "signed", 50),
}
