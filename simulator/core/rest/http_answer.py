"""What stands around an answer's body: the headers of every REST answer, and the pages that are no JSON.

Most refusals are JSON. Two come from what stands before the exchange and are HTML pages: 404 for a path that nothing
answers, and 403 from the firewall, for a method that no endpoint has or a path that looks like an attack.

Live servers write the names of their headers in lower case.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["FORBIDDEN_PAGE", "FRONT_HEADERS", "NOT_FOUND_PAGE", "is_hostile", "page_of"]

NOT_FOUND_PAGE: Final = (
    "<html>\r\n<head><title>404 Not Found</title></head>\r\n"
    "<body>\r\n<center><h1>404 Not Found</h1></center>\r\n</body>\r\n</html>\r\n"
)
FORBIDDEN_PAGE: Final = (
    "<html>\r\n<head><title>403 Forbidden</title></head>\r\n"
    "<body>\r\n<center><h1>403 Forbidden</h1></center>\r\n</body>\r\n</html>\r\n"
)

FRONT_HEADERS: Final = {
    "cache-control": "no-cache, no-store, must-revalidate",
    "pragma": "no-cache",
    "expires": "0",
    "access-control-allow-origin": "*",
    "access-control-allow-methods": "GET, HEAD, OPTIONS",
}
"""What every REST answer has, besides its type, its length, its date and what counts weight, orders and time."""

_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"})
_ATTACK: Final = re.compile(r"\.\./|%2e%2e%2f|<script|%3cscript|union(?:\s|\+|%20)+select", re.IGNORECASE)

_PAGES: Final = {403: FORBIDDEN_PAGE, 404: NOT_FOUND_PAGE}


def is_hostile(method: str, target: str) -> bool:
    """Say whether a firewall would refuse the request, by its method or by its raw path and query."""
    return method not in _METHODS or _ATTACK.search(target) is not None


def page_of(status: int) -> str:
    """Return the page of an HTTP status, "" when its answers are JSON."""
    return _PAGES.get(status, "")
