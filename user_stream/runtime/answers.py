"""Answers of the exchange, typed; what is in no documented shape is survived and logged."""

from __future__ import annotations

import logging
from typing import Any, TypeVar

import msgspec

from user_stream.core.leniency import convert_leniently
from user_stream.errors import UnreachableError

__all__ = ["read_answer", "read_rows"]

Row = TypeVar("Row")

_log = logging.getLogger("user_stream")


def read_rows(body: Any, row: type[Row]) -> list[Row]:
    """Type the rows of an answer. One that cannot be read must not keep all others unread: it is left out, and
    logged.
    """
    rows = []
    for item in read_answer(body, list[Any]):
        try:
            rows.append(convert_leniently(item, row))
        except msgspec.ValidationError as error:
            _log.error(
                "a row of the exchange's answer was left out, for it is no %s: %s",
                row.__name__,
                error,
                extra={"event": "row_left_out", "kind": row.__name__},
            )
    return rows


def read_answer(body: Any, shape: type[Row]) -> Row:
    """Type an answer. One in another shape than documented tells nothing: it is asked for again later."""
    try:
        return convert_leniently(body, shape)
    except msgspec.ValidationError as error:
        reason = f"the exchange answered in an undocumented shape: {error}"
        raise UnreachableError(reason) from None
