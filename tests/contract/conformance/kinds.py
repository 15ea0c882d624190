"""Whether two pieces of JSON have the same shape: keys, kinds of values, how numbers are written, which are present.

Not the first item of a list stands for the others: all items of the sample together say what an item may be. Items
with the same keys are one variant (an order, an error); each variant has to be there, and every item has to be one.

The kind of a value is more than its type. Texts are decimals, words in capitals, words in small letters, or anything
(names and ids, which are listed); whole numbers are numbers, or times in ms.

How a decimal is written is compared as far as the sample can be trusted. What was captured shows it for certain: money
has 8 decimals, an amount with zeros at its end is padded, a zero is written as it is. Documentation mixes precisions of
several symbols, and means only its 8 decimals of money. What was composed shows nothing.

    differences([{"price": "1.50", "time": 1790000000000}], [{"price": 1.5}])
    → ["[].price: a decimal in a text, not a number", "[].time: is missing"]
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, Literal

__all__ = ["Trust", "differences"]

Trust = Literal["captured", "documented", "composed"]

FREE_TEXTS: Final = frozenset({
    "accountAlias", "apiKey", "c", "caid", "clientAlgoId", "clientOrderId", "exchange", "i", "id", "info", "isExpired",
    "listenKey", "msg", "r", "result", "rm", "signature", "stream", "url",
})  # fmt: skip
"""Keys whose texts are names, ids and sentences: of no particular kind."""
SAID: Final = frozenset({"code", "msg"})
"""Keys whose values clients compare: they have to be the same word for word, but for the numbers in a sentence."""
UNTOUCHED: Final = "updateTime"
"""The time that is 0 of what was never touched."""

_DECIMAL: Final = re.compile(r"-?[0-9]+(?:\.([0-9]+))?")
_MONEY_DECIMALS: Final = 8
_MONEY: Final = str(_MONEY_DECIMALS)


def differences(sample: Any, sent: Any, trust: Trust = "captured") -> list[str]:
    """Return what of `sent` is not as in the sample, one for each path; none when the shapes are equal."""
    texts = list(_Comparison(trust).compare([sample], sent, "", ""))
    return list({text.partition(":")[0]: text for text in reversed(texts)}.values())[::-1]


class _Comparison:
    """Compares, trusting the notation of decimals so far."""

    def __init__(self, trust: Trust) -> None:
        self._trust = trust

    def compare(self, samples: Sequence[Any], sent: Any, path: str, key: str) -> Iterator[str]:
        """Yield how a value differs from every one of the samples that stand in its place."""
        kinds = {_kind(sample, key) for sample in samples}
        kind = _kind(sent, key)
        if not any(_fits(kind, wanted, key) for wanted in kinds):
            yield f"{path or 'it'}: {kind}, not {' or '.join(sorted(kinds))}"
        elif kind == "an object":
            yield from self._compare_objects([sample for sample in samples if isinstance(sample, dict)], sent, path)
        elif kind == "a list":
            yield from self._compare_lists([sample for sample in samples if isinstance(sample, list)], sent, path)
        elif key in SAID and not any(_without_numbers(sent) == _without_numbers(wanted) for wanted in samples):
            yield f"{path}: {sent!r}, not {' or '.join(sorted(map(repr, samples)))}"
        elif kind == "a decimal in a text":
            yield from self._compare_notations([text for text in samples if _kind(text, key) == kind], sent, path)

    def _compare_objects(
        self, samples: Sequence[Mapping[str, Any]], sent: Mapping[str, Any], path: str
    ) -> Iterator[str]:
        if all(_is_table(sample) for sample in samples):
            values = [value for sample in samples for value in sample.values()]
            for name, value in sent.items():
                yield from self.compare(values, value, f"{path}.*", name)
            return
        closest = min(samples, key=lambda sample: len(sample.keys() ^ sent.keys()))
        for name in closest.keys() - sent.keys():
            yield f"{path}.{name}: is missing".lstrip(".")
        for name, value in sent.items():
            known = [sample[name] for sample in samples if name in sample]
            if name not in closest:
                yield f"{path}.{name}: is not in the sample".lstrip(".")
            elif known:
                yield from self.compare(known, value, f"{path}.{name}".lstrip("."), name)

    def _compare_lists(self, samples: Sequence[Sequence[Any]], sent: Sequence[Any], path: str) -> Iterator[str]:
        items = [item for sample in samples for item in sample]
        if items and not sent:
            yield f"{path}[]: nothing to compare"
        if not items:
            return
        if all(_is_row(sample) for sample in samples):
            yield from self._compare_rows(samples, sent, path)
            return
        for item in sent:
            yield from self.compare(items, item, f"{path}[]", "")
        if sent and isinstance(items[0], dict):
            shown = {frozenset(item) for item in sent if isinstance(item, dict)}
            for variant in {frozenset(item): item for item in items}.keys() - shown:
                yield f"{path}[]: none has the keys {', '.join(sorted(variant))}"

    def _compare_rows(self, samples: Sequence[Sequence[Any]], sent: Sequence[Any], path: str) -> Iterator[str]:
        """Yield the differences of a list whose places have meanings, such as a candle."""
        if len(sent) != len(samples[0]):
            yield f"{path}: {len(sent)} values, not {len(samples[0])}"
            return
        for place, value in enumerate(sent):
            yield from self.compare([sample[place] for sample in samples], value, f"{path}[{place}]", "")

    def _compare_notations(self, samples: Sequence[str], sent: str, path: str) -> Iterator[str]:
        if not samples:
            return
        alike = [sample for sample in samples if bool(float(sample)) == bool(float(sent))] or samples
        wanted = {self._notation(sample) for sample in alike}
        if not any(notation is None or _is_written(sent, notation) for notation in wanted):
            yield f"{path}: {sent!r} is not written as {' or '.join(sorted(set(alike)))}"

    def _notation(self, text: str) -> str | None:
        """Return how an amount has to be written, as far as this sample says it."""
        notation = _notation(text)
        if self._trust == "captured" or (self._trust == "documented" and notation == _MONEY):
            return notation
        return None


def _without_numbers(value: Any) -> Any:
    return re.sub(r"[0-9]{2,}", "N", value) if isinstance(value, str) else value


def _notation(text: str) -> str | None:
    """Return how an amount is written: with `8` decimals, as `0`, padded (`5`: to so many), or None: cannot be told."""
    decimals = _decimals(text)
    if decimals == _MONEY_DECIMALS:
        return _MONEY
    if not float(text):
        return f"zero {text}"
    return f"padded {decimals}" if decimals and text.endswith("0") else None


def _is_written(text: str, notation: str) -> bool:
    kind, _, rest = notation.rpartition(" ")
    if kind == "zero":
        return bool(float(text)) or text == rest
    return _decimals(text) == int(rest) or (not kind and text == "0")


def _decimals(text: str) -> int:
    return len(text.partition(".")[2])


def _kind(value: Any, key: str) -> str:
    if isinstance(value, str):
        return _kind_of_text(value, key)
    if type(value) is int:
        return "a time" if 10**12 <= value < 10**13 or (key == UNTOUCHED and not value) else "a number"
    kinds = {type(None): "null", bool: "a flag", float: "a broken number", dict: "an object", list: "a list"}
    return kinds[type(value)]


def _kind_of_text(text: str, key: str) -> str:
    if not text:
        return "an empty text"
    if _DECIMAL.fullmatch(text):
        return "a decimal in a text"
    if key in FREE_TEXTS or text not in {text.upper(), text.lower()}:
        return "a text"
    return "a word in capitals" if text == text.upper() else "a word in small letters"


def _fits(kind: str, wanted: str, key: str) -> bool:
    """Say whether a value may stand where the sample has one of another kind: a dummy, or nothing."""
    if wanted == "a text" and key in FREE_TEXTS:
        return kind in _TEXTS
    return kind == wanted or kind in _MAY_STAND_FOR.get(wanted, ())


_WORDS: Final = ("a word in capitals", "a word in small letters", "a text")
_TEXTS: Final = (*_WORDS, "an empty text", "a decimal in a text")
_MAY_STAND_FOR: Final[Mapping[str, Sequence[str]]] = {
    "a number": ("a time",),
    "a broken number": ("a number",),
    "a text": _WORDS,
    "an empty text": _TEXTS,
}


def _is_table(value: Mapping[str, Any]) -> bool:
    """Say whether the keys are data: names of symbols."""
    return len(value) > 1 and all(name.isupper() and len(name) > len("USDT") for name in value)


def _is_row(value: Sequence[Any]) -> bool:
    """Say whether each place of a list has its own meaning: a candle, a level of the book."""
    return len(value) > 1 and all(isinstance(item, str | int) for item in value) and _mixed(value)


def _mixed(value: Sequence[Any]) -> bool:
    return len({type(item) for item in value}) > 1 or (
        len(value) == 2 and all(isinstance(item, str) and _DECIMAL.fullmatch(item) for item in value)
    )
