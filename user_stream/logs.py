"""Logs that machines can read, and that hold no secret.

Every record of this library says in a sentence what happened, and in fields what a query needs: `event`, the name of
what happened, and its data. They are attributes of the record (`extra=`), so any handler gets them; `JsonFormatter`
writes them as one JSON object a line.

Nothing secret is ever given to a log. `HideSecrets` is for what slips through nevertheless, such as the traceback of
somebody else's exception: on a handler, it takes out whatever looks like a key, a signature or a private key. It sees
other libraries' records, too, and whoever logs must never fail by it: what cannot be formatted is shown in parts.
"""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime
from typing import Any, Final

__all__ = ["HideSecrets", "JsonFormatter", "hide_secrets"]

_HIDDEN: Final = "<hidden>"
_SECRETS: Final = (
    re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    re.compile(r"(?<=signature=)[^&\s\"'<>]+", re.IGNORECASE),
    re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]{64,}(?![A-Za-z0-9])"),  # API keys, their secrets, and listen keys
)
_STANDARD: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; everything else was given as `extra=`."""


def hide_secrets(text: str) -> str:
    """Return the text without what looks like a secret."""
    for secret in _SECRETS:
        text = secret.sub(_HIDDEN, text)
    return text


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001  somebody else's object may raise anything
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception as error:  # noqa: BLE001  the arguments are somebody else's objects, and may not fit the text
        return f"{_text(record.msg)} {_text(record.args)} (cannot be formatted: {_text(error)})"


class HideSecrets(logging.Filter):
    """Takes secrets out of a record, wherever they are: its text, its fields, its traceback. Lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record in place, for all handlers that see it after this one."""
        record.msg, record.args = hide_secrets(_message(record)), None
        for name, value in _fields(record).items():
            if not isinstance(value, bool | int | float | None):
                setattr(record, name, hide_secrets(_text(value)))
        if record.exc_info and not record.exc_text:
            record.exc_text = logging.Formatter().formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = hide_secrets(record.exc_text)
        return True


class JsonFormatter(logging.Formatter):
    """One JSON object a line: `time` (UTC), `level`, `logger`, `message`, the record's fields, `exception` if any."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line. What JSON does not know is written as its text."""
        time = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {"time": time, "level": record.levelname, "logger": record.name, "message": record.getMessage()}
        line |= {name: value for name, value in _fields(record).items() if name not in line}
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            line["exception"] = record.exc_text
        return json.dumps(line, default=str)
