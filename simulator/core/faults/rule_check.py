"""What a fault rule may say, and how it is told in a word: every mistake in it is found at its installation."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Final, Literal, get_args, get_origin, get_type_hints

from simulator.core.accounts.past import MOST_LAG_MS
from simulator.core.faults import verdict as v
from simulator.core.journal import mask_text
from simulator.core.scenario.notation import matches, snake_case
from simulator.core.scenario.scenario_error import Problem
from simulator.core.streams.frame import close_complaint

if TYPE_CHECKING:
    from simulator.core.faults.rule import Rule

__all__ = ["FILTERS", "described", "mistakes", "name_of"]

_REQUEST_FILTERS: Final = frozenset({"method", "path", "event", "symbol", "order", "account", "connection", "where"})

FILTERS: Final[Mapping[v.What, frozenset[str]]] = {
    "request": _REQUEST_FILTERS,
    "response": _REQUEST_FILTERS | {"status"},
    "frame": frozenset(
        {"event", "status", "execution_type", "reason", "symbol", "order", "account", "connection", "where"}
    ),
    "handshake": frozenset({"event", "path", "where", "account"}),
    "ping": frozenset({"event", "account", "connection"}),
    "connection": frozenset({"event", "path", "where", "account", "connection"}),
}
"""By what each thing can be told from others."""

_TEXTS: Final = ("method", "path", "event", "status", "execution_type", "reason", "symbol", "order", "account", "name")
_RESPONSE_CORRUPTIONS: Final = (
    "truncated", "bad_json", "binary", "wrong_types", "swapped_numbers", "huge_ids", "unknown_fields",
    "unknown_values", "as_it_is",
)  # fmt: skip


_NAMES: Final[Mapping[v.What, tuple[str, ...]]] = {
    "handshake": ("user_stream", "market_stream", "ws_api"),
    "connection": ("user_stream", "market_stream", "ws_api", "rest"),
    "ping": ("sent", "received"),
}
"""What `event` may be where there are no other names: a rule with another one would never take anything."""
_METHODS: Final = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS")

_SPAN: Final = "expected seconds, from 0 to 10^9"
_LAG: Final = f"expected a lag of 0 to {MOST_LAG_MS / 1000:g} s"
_COUNT: Final = "expected 1 or more"
_BOUNDS: Final[Mapping[str, tuple[float, float, str]]] = {
    "seconds": (0, 1e9, _SPAN),
    "after_s": (0, 1e9, _SPAN),
    "for_s": (0, 1e9, _SPAN),
    "patience_s": (0, 1e9, _SPAN),
    "orders_s": (0, MOST_LAG_MS / 1000, _LAG),
    "account_s": (0, MOST_LAG_MS / 1000, _LAG),
    "bytes_per_s": (1, 1e12, _COUNT),
    "past": (1, 1e9, _COUNT),
    "nth": (1, 1e12, _COUNT),
    "times": (1, 1e12, _COUNT),
    "probability": (0, 1, "expected a number from 0 to 1"),
    "connection": (0, 1e12, "expected the number of a connection, or 0 for all"),
    "status": (100, 999, "expected an HTTP status"),
}
"""What the numbers of rules and verdicts may be, by the names of their fields."""
_SKEW: Final = {"seconds": (-1e9, 1e9, "expected seconds, from -10^9 to 10^9")}
_WHOLE: Final = frozenset({"past", "nth", "times", "connection", "status"})
_AFTER_EXECUTION: Final[tuple[type[v.Verdict], ...]] = get_args(get_type_hints(v.ExecuteThen)["verdict"])
_HEADER_NAME: Final = re.compile(r"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
_ANYTHING: Final = (0.0, 0.0, "")
_RULE_NUMBERS: Final = ("nth", "times", "probability", "after_s", "for_s", "connection")


def name_of(kind: type[v.Verdict]) -> str:
    """Return how a verdict is called in a file and over HTTP: `execute_then_reset`."""
    return snake_case(kind.__name__)


def mistakes(rule: Rule) -> list[Problem]:
    """Return everything that is wrong in a rule, each with its field."""
    if rule.on not in v.TAKES:
        return [Problem("on", f'expected one of {", ".join(v.SIGHTS)}, got "{rule.on}"')]
    found = [Problem(field, "expected a text") for field in _TEXTS if not isinstance(getattr(rule, field), str)]
    found = found or [*_filter_mistakes(rule), *_name_mistakes(rule)]
    found += [Problem(field, message) for field, message in _out_of_bounds(rule, _RULE_NUMBERS)]
    allowed = v.TAKES[rule.on]
    if type(rule.verdict) not in allowed:
        names = ", ".join(name_of(kind) for kind in allowed)
        got = name_of(type(rule.verdict)) if isinstance(rule.verdict, v.VERDICTS) else repr(rule.verdict)
        found.append(Problem("verdict", f"a {rule.on} cannot suffer {got}: there are {names}"))
        return found
    return found + [Problem(f"verdict.{field}", message) for field, message in _verdict_mistakes(rule.verdict, rule.on)]


def _filter_mistakes(rule: Rule) -> list[Problem]:
    if not _are_texts(rule.where):
        return [Problem("where", f"expected names and values that are texts, got {rule.where!r}")]
    known = FILTERS[rule.on]
    every = {name for names in FILTERS.values() for name in names}
    given = sorted(name for name in every - known if getattr(rule, name))
    return [Problem(name, f"a {rule.on} has none: there are {', '.join(sorted(known))}") for name in given]


def _name_mistakes(rule: Rule) -> list[Problem]:
    names = {"event": (rule.event, _NAMES.get(rule.on, ())), "method": (rule.method.upper(), _METHODS)}
    return [
        Problem(field, f'expected one of {", ".join(known)}, got "{getattr(rule, field)}"')
        for field, (wanted, known) in names.items()
        if wanted and known and not any(matches(wanted, name) for name in known)
    ]


def _are_texts(where: object) -> bool:
    return isinstance(where, Mapping) and all(isinstance(text, str) for pair in where.items() for text in pair)


def _choice_mistakes(verdict: v.Verdict) -> list[tuple[str, str]]:
    chosen = ((field, get_args(hint), getattr(verdict, field)) for field, hint in _choices(type(verdict)).items())
    return [
        (field, f"expected one of {', '.join(choices)}, got {value!r}")
        for field, choices, value in chosen
        if value not in choices
    ]


@cache
def _choices(kind: type[v.Verdict]) -> Mapping[str, object]:
    return {field: hint for field, hint in get_type_hints(kind).items() if get_origin(hint) is Literal}


def _verdict_mistakes(verdict: v.Verdict, on: v.What) -> list[tuple[str, str]]:
    found = _choice_mistakes(verdict)
    found += _out_of_bounds(verdict, verdict.__struct_fields__, _SKEW if isinstance(verdict, v.Skew) else _BOUNDS)
    match verdict:
        case v.Respond(headers=headers) if broken := [name for name in headers if not _is_header(name, headers[name])]:
            found.append(("headers", f"expected names and values without line breaks, got {', '.join(broken)}"))
        case v.ExecuteThen(verdict=then) if not isinstance(then, _AFTER_EXECUTION):
            names = ", ".join(map(name_of, _AFTER_EXECUTION))
            got = name_of(type(then)) if isinstance(then, v.VERDICTS) else repr(then)
            found.append(("verdict", f"what was executed cannot suffer {got}: there are {names}"))
        case v.ExecuteThen(verdict=then):
            found += [(f"verdict.{field}", message) for field, message in _verdict_mistakes(then, on)]
        case v.Close(code=int() as code, reason=reason) if complaint := close_complaint(code, reason):
            found.append(("code", complaint))
        case v.Corrupt(how=how) if on == "response" and how not in _RESPONSE_CORRUPTIONS:
            found.append(("how", f"no response is spoilt so: there are {', '.join(_RESPONSE_CORRUPTIONS)}"))
    return found


def _is_header(name: str, value: str) -> bool:
    return _HEADER_NAME.fullmatch(name) is not None and str(value).isprintable()


def _out_of_bounds(
    record: object, fields: Iterable[str], bounds: Mapping[str, tuple[float, float, str]] = _BOUNDS
) -> list[tuple[str, str]]:
    found = []
    for field in fields:
        value = getattr(record, field)
        least, most, wanted = bounds.get(field, _ANYTHING)
        is_number = isinstance(value, int if field in _WHOLE else int | float) and not isinstance(value, bool)
        if value is not None and wanted and not (is_number and least <= value <= most):
            found.append((field, f"{wanted}, got {value!r}"))
    return found


def described(rule: Rule) -> str:
    """Return a rule in one line: what it is about, and what it does. Keys are masked."""
    own = {"on", "verdict", "name"}
    plain = type(rule)(on=rule.on, verdict=rule.verdict)
    told = [field for field in rule.__struct_fields__ if field not in own]
    shown = "".join(f" {field}={value}" for field in told if (value := getattr(rule, field)) != getattr(plain, field))
    name = f"{rule.name}: " if rule.name else ""
    return mask_text(f"{name}{rule.on}{shown} → {rule.verdict!r}")
