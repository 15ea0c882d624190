"""What a client of the exchange is told when it is refused: Binance's code, message and HTTP status, one per cause.

Each cause is a function or a constant here, so that a message is written once. Texts are Binance's own where they were
captured, and otherwise those of its error-code page.
"""

from __future__ import annotations

from typing import Final

__all__ = ["VenueError"]


class VenueError(Exception):
    """A refusal in Binance's terms. `code` is negative; `status` is the HTTP status."""

    def __init__(self, code: int, message: str, status: int = 400) -> None:
        self.code = code
        self.message = message
        self.status = status
        super().__init__(f"{code}: {message}")


class LimitError(VenueError):
    """A limit was exceeded, until the time `until_ms`, in ms."""

    def __init__(self, code: int, message: str, status: int, until_ms: int) -> None:
        super().__init__(code, message, status)
        self.until_ms = until_ms


SIGNATURE_INVALID: Final = (-1022, "Signature for this request is not valid.")
OUTSIDE_RECEIVE_WINDOW: Final = (-1021, "Timestamp for this request is outside of the recvWindow.")
AHEAD_OF_SERVER: Final = (-1021, "Timestamp for this request was 1000ms ahead of the server's time.")
LARGE_RECEIVE_WINDOW: Final = (-1131, "recvWindow must be less than 60000.")
OUTSIDE_ENGINE_WINDOW: Final = (-5028, "Timestamp for this request is outside of the ME recvWindow.")
INVALID_SYMBOL: Final = (-1121, "Invalid symbol.")
INVALID_TIME_IN_FORCE: Final = (-1115, "Invalid timeInForce.")
INVALID_TYPE: Final = (-1116, "Invalid orderType.")
INVALID_SIDE: Final = (-1117, "Invalid side.")
BAD_PRECISION: Final = (-1111, "Precision is over the maximum defined for this asset.")
NO_LISTEN_KEY: Final = (-1125, "This listenKey does not exist.")
ASSET_NOT_SUPPORTED: Final = (-1126, "This asset is not supported.")
BAD_INTERVAL: Final = (-1127, "More than 7 days between startTime and endTime.")
BAD_COMBINATION: Final = (-1128, "Combination of optional parameters invalid.")
START_AFTER_END: Final = (-1023, "Start time is greater than end time.")
BAD_RESPONSE_TYPE: Final = (-1136, "Invalid newOrderRespType.")
UNKNOWN_ORDER: Final = (-2011, "Unknown order sent.")
NO_SUCH_ORDER: Final = (-2013, "Order does not exist.")
BALANCE_INSUFFICIENT: Final = (-2018, "Balance is insufficient.")
MARGIN_INSUFFICIENT: Final = (-2019, "Margin is insufficient.")
IMMEDIATE_TRIGGER: Final = (-2021, "Order would immediately trigger.")
REDUCE_ONLY_REJECTED: Final = (-2022, "ReduceOnly Order is rejected.")
TOO_MANY_ORDERS: Final = (-2025, "Reach max open order limit.")
POSITION_TOO_LARGE: Final = (-2027, "Exceeded the maximum allowable position at current leverage.")
LEVERAGE_TOO_SMALL: Final = (-2028, "Leverage is smaller than permitted: insufficient margin balance.")
PRICE_NOT_POSITIVE: Final = (-4001, "Price less than 0.")
PRICE_TOO_HIGH: Final = (-4002, "Price greater than max price.")
QUANTITY_NOT_POSITIVE: Final = (-4003, "Quantity less than or equal to zero.")
QUANTITY_TOO_SMALL: Final = (-4004, "Quantity less than min quantity.")
QUANTITY_TOO_LARGE: Final = (-4005, "Quantity greater than max quantity.")
STOP_PRICE_NOT_POSITIVE: Final = (-4006, "Stop price less than zero.")
STOP_PRICE_TOO_HIGH: Final = (-4007, "Stop price greater than max price.")
PRICE_TOO_LOW: Final = (-4013, "Price less than min price.")
PRICE_OFF_TICK: Final = (-4014, "Price not increased by tick size.")
BAD_CLIENT_ORDER_ID: Final = (-4015, "Client order id is not valid.")
QUANTITY_OFF_STEP: Final = (-4023, "Quantity not increased by step size.")
BAD_LEVERAGE: Final = (-4028, "Leverage {leverage} is not valid")
BAD_WORKING_TYPE: Final = (-4031, "Invalid parameter working type.")
TOO_MANY_STOP_ORDERS: Final = (-4045, "Reach max stop order limit.")
POSITION_SIDE_UNCHANGED: Final = (-4059, "No need to change position side.")
POSITION_SIDE_INVALID: Final = (-4060, "Invalid position side.")
POSITION_SIDE_MISMATCH: Final = (-4061, "Order's position side does not match user's setting.")
POSITION_SIDE_OPEN_ORDERS: Final = (-4067, "Position side cannot be changed if there exists open orders.")
POSITION_SIDE_POSITION: Final = (-4068, "Position side cannot be changed if there exists position.")
BAD_MARGIN_TYPE: Final = (-1130, "Data sent for parameter 'marginType' is not valid.")
MARGIN_TYPE_UNCHANGED: Final = (-4046, "No need to change margin type.")
MARGIN_TYPE_OPEN_ORDERS: Final = (-4047, "Margin type cannot be changed if there exists open orders.")
MARGIN_TYPE_POSITION: Final = (-4048, "Margin type cannot be changed if there exists position.")
ADD_TO_CROSS_MARGIN: Final = (-4049, "Add margin only support for isolated position.")
CROSS_BALANCE_INSUFFICIENT: Final = (-4050, "Cross balance insufficient.")
ISOLATED_BALANCE_INSUFFICIENT: Final = (-4051, "Isolated balance insufficient.")
NO_ISOLATED_POSITION: Final = (-4054, "Cannot add position margin: position is 0.")
MARGIN_NOT_POSITIVE: Final = (-4055, "Amount must be positive.")
ISOLATED_LEVERAGE_REDUCTION: Final = (
    -4161,
    "Leverage reduction is not supported in Isolated Margin Mode with open positions.",
)
MULTI_ASSETS_ISOLATED: Final = (
    -4167,
    "Unable to adjust to Multi-Assets mode with symbols of USDⓈ-M Futures under isolated-margin mode.",
)
ISOLATED_IN_MULTI_ASSETS: Final = (-4168, "Unable to adjust to isolated-margin mode under the Multi-Assets mode.")
MULTI_ASSETS_POOL_INSUFFICIENT: Final = (
    -4169,
    "Unable to adjust Multi-Assets Mode with insufficient margin balance in USDⓈ-M Futures.",
)
MULTI_ASSETS_ASSET_INSUFFICIENT: Final = (
    -4172,
    "Unable to adjust Multi-Assets Mode with insufficient margin balance of assets in USDⓈ-M Futures.",
)
MULTI_ASSETS_OPEN_ORDERS: Final = (
    -4170,
    "Unable to adjust Multi-Assets Mode with open orders in USDⓈ-M Futures.",
)
MULTI_ASSETS_UNCHANGED: Final = (
    -4171,
    "Adjusted asset mode is currently set and does not need to be adjusted repeatedly.",
)
DUPLICATE_CLIENT_ORDER_ID: Final = (-4116, "ClientOrderId is duplicated.")
STOP_TRIGGERING: Final = (-4117, "Stop order is triggering.")
CONDITIONAL_ELSEWHERE: Final = (
    -4120,
    "Order type not supported for this endpoint. Please use the Algo Order API endpoints instead.",
)
CLOSE_POSITION_EXISTS: Final = (
    -4130,
    "An open stop or take profit order with GTE and closePosition in the direction is existing.",
)
COUNTERPARTY_TOO_FAR: Final = (
    -4131,
    "The counterparty's best price does not meet the PERCENT_PRICE filter limit.",
)
BAD_ACTIVATION_PRICE: Final = (-4135, "Invalid activation price.")
CLOSE_POSITION_QUANTITY: Final = (-4137, "Quantity must be zero with closePosition equals true.")
CLOSE_POSITION_REDUCES: Final = (-4138, "Reduce only must be true with closePosition equals true.")
NOT_TRADING: Final = (-4140, "Invalid symbol status for opening position.")
SYMBOL_CLOSED: Final = (-4141, "Symbol is closed.")
STRATEGY_IMMEDIATE_TRIGGER: Final = (-4142, "REJECT: take profit or stop order will be triggered immediately")
FILL_OR_KILL_REJECTED: Final = (
    -5021,
    "Due to the order could not be filled immediately, the FOK order has been rejected. "
    "The order will not be recorded in the order history",
)
AGREEMENT_NOT_SIGNED: Final = (-4411, "Please sign TradFi-Perps agreement contract fapi.")
POST_ONLY_REJECTED: Final = (
    -5022,
    "Due to the order could not be executed as maker, the Post Only order will be rejected. "
    "The order will not be recorded in the order history",
)
TOO_MANY_AMENDMENTS: Final = (-5026, "Exceed maximum modify order limit.")
NOTHING_TO_AMEND: Final = (-5027, "No need to modify the order.")
BAD_PRICE_MATCH: Final = (-5037, "Invalid price match.")
PRICE_MATCH_ELSEWHERE: Final = (-5038, "Price match only supports order type: LIMIT, STOP AND TAKE_PROFIT.")
NO_DEPTH: Final = (-5041, "No depth matches this BBO order.")
BAD_SELF_TRADE_PREVENTION: Final = (-5039, "Invalid self trade prevention mode.")
BAD_GOOD_TILL_DATE: Final = (
    -5040,
    "The goodTillDate timestamp must be greater than the current time plus 600 seconds.",
)
SYMBOL_NOT_AMENDABLE: Final = (-5024, "Symbol is not in trading status. Order amendment is not permitted.")
BAD_BATCH_SIZE: Final = (-4082, "Invalid number of batch place orders.")
TOO_MANY_CANCELS: Final = (-4032, "Exceed maximum cancel order size.")
NOTHING_LEFT_TO_REDUCE: Final = (-4118, "ReduceOnly Order Failed. Please check your existing position and open orders.")
NOT_REDUCE_ONLY: Final = (-5047, "The order is not a reduce-only order.")


BAD_KLINE_INTERVAL: Final = (-1120, "Invalid interval.")
BAD_LIMIT: Final = (-1130, "Data sent for parameter 'limit' is not valid.")
BAD_PERIOD: Final = (-1130, "Data sent for parameter 'period' is not valid.")
BAD_DEPTH_LIMIT: Final = (-4021, "{limit} is not valid depth limit.")
BAD_CONTRACT_TYPE: Final = (-4104, "Invalid contract type.")
BAD_PAIR: Final = (-4144, "Invalid pair.")
INVALID_JSON: Final = (-1135, "Invalid JSON request.")
UNSUPPORTED_OPERATION: Final = (-1020, "This operation is not supported.")
INVALID_KEY_TYPE: Final = (-4056, "Invalid api key type.")
KEY_REVOKED: Final = (-2015, "Invalid API-key, IP, or permissions for action.")


def invalid_in_json(name: str, expected: str) -> tuple[int, str]:
    """Return -1135 for a member of a WebSocket API request that has the wrong type."""
    return -1135, f"Invalid '{name}' in JSON request; expected {expected}."


def refusal(cause: tuple[int, str], status: int = 400) -> VenueError:
    """Return the error for one of the causes above."""
    return VenueError(*cause, status)


def missing_parameter(name: str) -> VenueError:
    """Return -1102 for a parameter that is absent, empty or unreadable."""
    return VenueError(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def empty_parameter(name: str) -> VenueError:
    """Return -1105 for an optional parameter that was sent with nothing in it."""
    return VenueError(-1105, f"Parameter '{name}' was empty.")


def unwanted_parameter(name: str) -> VenueError:
    """Return -1106 for a parameter that must not be sent here."""
    return VenueError(-1106, f"Parameter '{name}' sent when not required.")


def invalid_parameter(name: str) -> VenueError:
    """Return -1130 for a parameter that can be read but cannot be."""
    return VenueError(-1130, f"Data sent for parameter '{name}' is not valid.")


def strategy_invalid(order_type: str) -> VenueError:
    """Return -4136 for a type that cannot close a position."""
    return VenueError(-4136, f"Target strategy invalid for orderType {order_type},closePosition true")


def notional_too_small(minimum: object) -> VenueError:
    """Return -4164. `minimum` is the smallest notional in the quote asset."""
    return VenueError(-4164, f"Order's notional must be no smaller than {minimum} (unless you choose reduce only).")


def repeated_parameter(name: str) -> VenueError:
    """Return -1101 for a parameter that stands twice in the query, or twice in the body."""
    return VenueError(-1101, f"Duplicate values for parameter '{name}'.")


def amended_notional_too_small(minimum: object) -> VenueError:
    """Return -5029. `minimum` is the smallest notional in the quote asset."""
    return VenueError(-5029, f"Order's notional must be no smaller than {minimum}.")


def api_key_malformed() -> VenueError:
    """Return -2014 with HTTP 401."""
    return VenueError(-2014, "API-key format invalid.", 401)


def api_key_unknown(request_ip: str) -> VenueError:
    """Return -2015 with HTTP 401. `request_ip` "" leaves the address out."""
    address = f", request ip: {request_ip}" if request_ip else ""
    return VenueError(-2015, f"Invalid API-key, IP, or permissions for action{address}", 401)


def too_many_requests(address: str, limit: int, interval: str, until_ms: int) -> LimitError:
    """Return -1003 with HTTP 429. `limit` is what the address may use in each `interval` ("minute")."""
    message = (
        f"Too many requests; current limit of IP({address}) is {limit} requests per {interval}. "
        "Please use the websocket for live updates to avoid polling the API."
    )
    return LimitError(-1003, message, 429, until_ms)


def banned(address: str, until_ms: int) -> LimitError:
    """Return -1003 with HTTP 418."""
    message = (
        f"Way too many requests; IP({address}) banned until {until_ms}. "
        "Please use the websocket for live updates to avoid bans."
    )
    return LimitError(-1003, message, 418, until_ms)


def too_many_new_orders(limit: int, interval: str, until_ms: int) -> LimitError:
    """Return -1015 with HTTP 429. `interval` is TEN_SECONDS or MINUTE."""
    message = f"Too many new orders; current limit is {limit} orders per {interval}."
    return LimitError(-1015, message, 429, until_ms)
