"""The import path of the engine that this library was made for; nothing but a re-export."""

from user_stream import BinanceWebsocket, UserStreamService

__all__ = ["BinanceWebsocket", "UserStreamService"]
