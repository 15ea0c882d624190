"""Binance's texts for the codes that this simulator never raises by itself: what a scripted refusal says with them.

The texts are those of the error-code page; of a few newer codes only the meaning is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["SCRIPTED_TEXTS"]

SCRIPTED_TEXTS: Final[Mapping[int, str]] = {
    -1000: "An unknown error occurred while processing the request.",
    -1001: "Internal error; unable to process your request. Please try again.",
    -1002: "You are not authorized to execute this request.",
    -1006: "An unexpected response was received from the message bus. Execution status unknown.",
    -1007: "Timeout waiting for response from backend server. Send status unknown; execution status unknown.",
    -1008: (
        "Request throttled by system-level protection. Reduce-only/close-position orders are exempt. Please try again."
    ),
    -1010: "An error message was received.",
    -1011: "This IP cannot access this route.",
    -1013: "The request is rejected by the API: it did not reach the matching engine.",
    -1014: "Unsupported order combination.",
    -1016: "This service is no longer available.",
    -1099: "Not found, unauthenticated, or unauthorized.",
    -1103: "An unknown parameter was sent.",
    -1104: "Not all sent parameters were read.",
    -1108: "Invalid asset.",
    -1109: "Invalid account.",
    -1110: "Invalid symbolType.",
    -1112: "No orders on book for symbol.",
    -1114: "TimeInForce parameter sent when not required.",
    -1118: "New client order ID was empty.",
    -1119: "Original client order ID was empty.",
    -1122: "Invalid symbol status.",
    -2010: "New order rejected.",
    -2012: "Batch cancel failure.",
    -2016: "No trading window could be found for the symbol. Try ticker/24hrs instead.",
    -2017: "API Keys are locked on this account.",
    -2020: "Unable to fill.",
    -2023: "User in liquidation mode now.",
    -2024: "Position is not sufficient.",
    -2026: "This OrderType is not supported when reduceOnly.",
    -4000: "Invalid order status.",
    -4044: "Balance Type is invalid.",
    -4052: "No such account type.",
    -4053: "Auto add margin only support for isolated position.",
    -4057: "Invalid api public key.",
    -4062: "Reduce-only conflicts with the position side.",
    -4083: "Fail to place batch orders.",
    -4084: "Method is not allowed currently. Upcoming soon.",
    -4087: "User can only place reduce only order.",
    -4088: "User can not place order currently.",
    -4105: "Symbol can only be traded by reduce-only orders.",
    -4106: "Buy orders of the symbol can only be reduce-only.",
    -4107: "Sell orders of the symbol can only be reduce-only.",
    -4109: "This account is inactive. Please activate it first.",
    -4114: "Invalid clientTranId.",
    -4115: "Duplicated clientTranId.",
    -4139: "Order type can not be market if it's unable to cancel.",
    -4165: "Invalid time interval.",
    -4189: "The account can only place reduce-only orders.",
    -4192: "Trading is restricted during the cooling-off period.",
    -4202: "Current symbol leverage cannot exceed 20 when using position limit adjustment service.",
    -4203: "The leverage exceeds what the account may use.",
    -4205: "The leverage exceeds what the account may use.",
    -4206: "The leverage exceeds what the account may use.",
    -4208: "The leverage exceeds what the account may use.",
    -4209: "The leverage exceeds what the account may use.",
    -4210: "Stop price is higher than the price multiplier cap.",
    -4211: "Stop price is lower than the price multiplier floor.",
    -4400: "Trading is restricted by the trading quantitative rules: only reduce-only orders are allowed.",
    -4401: "Trading is restricted by the large position protection: only reduce-only orders are allowed.",
    -4402: "Trading is restricted by compliance: only reduce-only orders are allowed.",
    -4403: "The leverage exceeds what compliance allows.",
    -4425: "The request is refused.",
    -4531: "The position mode cannot be changed temporarily. Please try again later.",
    -5025: "Only limit order is supported.",
    -5043: "A pending modification already exists for this order.",
}
