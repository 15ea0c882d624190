"""What makes a scenario playable beyond the types of its fields: values, references, and what may stand together.

`check` holds for every scenario, from a file or from Python. `check_names` is asked when the exchange is known: only
it knows which symbols and accounts there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from simulator.core.scenario.action import (
    Action,
    Answer,
    CloseConnections,
    OrderAction,
    Place,
    PlaceAlgo,
    Reject,
    Respond,
)
from simulator.core.scenario.answer import text_of
from simulator.core.scenario.api_action import CloseApiConnections
from simulator.core.scenario.expectation import EXPECTATIONS, AlgoOrderIs, Counted, Expectation, OrderIs
from simulator.core.scenario.fault_action import Fault
from simulator.core.scenario.fault_reading import fault_problems
from simulator.core.scenario.frame_action import CloseNextConnections
from simulator.core.scenario.notation import Notation, milliseconds, snake_case
from simulator.core.scenario.record import field_types, suggestion, value_complaint
from simulator.core.scenario.scenario import Scenario, Step
from simulator.core.scenario.scenario_error import Problem, ScenarioError
from simulator.core.scenario.trigger import Event, EventPattern, Request
from simulator.core.streams.frame import close_complaint

__all__ = ["check", "check_names", "place_of_action", "place_of_expectation"]

KNOWN_EVENTS = (
    "ORDER_TRADE_UPDATE",
    "TRADE_LITE",
    "ACCOUNT_UPDATE",
    "ACCOUNT_CONFIG_UPDATE",
    "ALGO_UPDATE",
    "MARGIN_CALL",
    "STRATEGY_UPDATE",
    "GRID_UPDATE",
    "CONDITIONAL_ORDER_TRIGGER_REJECT",
    "listenKeyExpired",
)

_AT_LEAST_ONE = ("nth", "times", "frames", "connection")
_NOT_NEGATIVE = ("count", "at_least", "at_most")
_FIELDS_OF_EVENTS = {
    "status": ("ORDER_TRADE_UPDATE", "ALGO_UPDATE"),
    "execution_type": ("ORDER_TRADE_UPDATE",),
    "reason": ("ACCOUNT_UPDATE",),
}
_EXPECTATION_NAMES = {kind: name for name, kind in EXPECTATIONS.items()}


def check(scenario: Scenario) -> None:
    """Raise `ScenarioError` with everything that keeps the scenario from being played."""
    problems = [*_values(scenario)] or [*_content(scenario), *_steps(scenario), *_expectations(scenario)]
    if problems:
        raise ScenarioError(problems, scenario.origin)


def check_names(scenario: Scenario, symbols: Collection[str], accounts: Collection[str]) -> None:
    """Raise `ScenarioError` for every symbol and account that the exchange does not have."""
    known = {Notation.SYMBOL: ("symbol", symbols), Notation.ACCOUNT: ("account", accounts)}
    problems = []
    for path, record in _records(scenario):
        for name, kind in field_types(type(record)).items():
            value = getattr(record, name)
            what, names = known.get(kind.notation or Notation.STEP, ("", ()))
            if what and value is not None and value not in names:
                problems.append(Problem(f"{path}.{name}", f'unknown {what} "{value}"{_choices(value, names)}'))
    if problems:
        raise ScenarioError(problems, scenario.origin)


def place_of_action(step: Step, number: int, index: int) -> str:
    """Return the path of an action: of step `number`, its action `index`."""
    place = f"steps[{number}].do"
    if isinstance(step.do, Sequence):
        place += f"[{index}]"
    return f"{place}.{snake_case(type(step.actions[index]).__name__)}"


def place_of_expectation(expectation: Expectation, number: int) -> str:
    """Return the path of an expectation."""
    return f"expect[{number}].{_EXPECTATION_NAMES[type(expectation)]}"


# --- values -------------------------------------------------------------------------------------------------------


def _records(scenario: Scenario) -> Iterator[tuple[str, object]]:
    """Yield every record below the scenario with its path."""
    if scenario.laboratory is not None:
        yield "laboratory", scenario.laboratory
    for number, step in enumerate(scenario.steps):
        yield f"steps[{number}]", step
        for name, trigger in (("on", step.on), ("after", step.after)):
            if trigger is not None and not isinstance(trigger, str):
                yield f"steps[{number}].{name}", trigger
        for index, action in enumerate(step.actions):
            yield place_of_action(step, number, index), action
    for number, expectation in enumerate(scenario.expect):
        yield place_of_expectation(expectation, number), expectation


def _values(scenario: Scenario) -> Iterator[Problem]:
    yield from _field_problems("", scenario)
    for path, record in _records(scenario):
        yield from _field_problems(path, record)


def _field_problems(path: str, record: object) -> Iterator[Problem]:
    for name, kind in field_types(type(record)).items():
        value = getattr(record, name)
        complaint = "" if value is None and not kind.required else value_complaint(kind, value)
        complaint = complaint or _range_complaint(name, value)
        if complaint:
            yield Problem(f"{path}.{name}" if path else name, complaint)


def _range_complaint(name: str, value: object) -> str:
    if not isinstance(value, int):
        return ""
    if name in _AT_LEAST_ONE and value < 1:
        return f"expected 1 or more, got {value}"
    if name in _NOT_NEGATIVE and value < 0:
        return f"expected 0 or more, got {value}"
    if name == "status" and not 100 <= value <= 599:
        return f"expected an HTTP status, 100 to 599, got {value}"
    return ""


# --- steps --------------------------------------------------------------------------------------------------------


def _content(scenario: Scenario) -> Iterator[Problem]:
    if not scenario.steps and not scenario.expect:
        yield Problem("", "nothing happens in it, and nothing is expected: write steps, or expect, or both")


def _steps(scenario: Scenario) -> Iterator[Problem]:
    earlier: dict[str, Step] = {}
    with_order: set[str] = set()
    for number, step in enumerate(scenario.steps):
        path = f"steps[{number}]"
        yield from _when(step, path, earlier)
        yield from _in_time(step, path, scenario)
        yield from _answers(step, path)
        knows_order = _starts_with_order(step, with_order)
        for index, action in enumerate(step.actions):
            place = place_of_action(step, number, index)
            knows_order = knows_order or isinstance(action, Place | PlaceAlgo)
            if isinstance(action, OrderAction) and action.order is None and not knows_order:
                yield Problem(place, "which order? this step follows from none: name it, `order: my-client-order-id`")
            yield from _texts(action, place)
        if step.name is None:
            continue
        if step.name in earlier:
            yield Problem(f"{path}.name", f'an earlier step is called "{step.name}" too')
        earlier[step.name] = step
        if knows_order:
            with_order.add(step.name)


def _when(step: Step, path: str, earlier: Collection[str]) -> Iterator[Problem]:
    if sum(trigger is not None for trigger in (step.at, step.on, step.after)) != 1:
        yield Problem(path, "when? it needs exactly one of at, on and after")
    if isinstance(step.after, str):
        yield from _reference(step.after, f"{path}.after", earlier, "an earlier step")
    for name, trigger in (("on", step.on), ("after", step.after)):
        if trigger is None or isinstance(trigger, str):
            continue
        if trigger.since is not None:
            yield from _reference(trigger.since, f"{path}.{name}.since", earlier, "an earlier step")
        if isinstance(trigger, Event):
            yield from _event(trigger, f"{path}.{name}")


def _in_time(step: Step, path: str, scenario: Scenario) -> Iterator[Problem]:
    start = milliseconds(step.at or "0s") + milliseconds(step.delay)
    if start > milliseconds(scenario.timeout):
        field = "at" if step.at else "delay"
        yield Problem(f"{path}.{field}", f"the run ends before this: give it a longer timeout than {scenario.timeout}")


def _answers(step: Step, path: str) -> Iterator[Problem]:
    answers = [action for action in step.actions if isinstance(action, Answer)]
    if answers and step.on is None:
        name = snake_case(type(answers[0]).__name__)
        yield Problem(f"{path}.do", f"{name} answers a request, and needs one: `on: {{request: POST /fapi/v1/order}}`")
    if answers and milliseconds(step.delay):
        yield Problem(f"{path}.delay", "the request would be answered by then: do `delay` or `execute_then_delay`")
    if len(answers) > 1:
        yield Problem(f"{path}.do", "a request has only one answer: leave one, or make it two steps")


def _texts(action: Action, place: str) -> Iterator[Problem]:
    if isinstance(action, Fault):
        yield from fault_problems(action, place)
    if isinstance(action, Reject) and not (action.message or text_of(action.code)):
        yield Problem(f"{place}.message", f"there is no known text for {action.code}: write one")
    if isinstance(action, Respond) and action.body is not None and (action.code, action.message) != (None, None):
        yield Problem(place, "the body is made of code and message: give these, or body, not both")
    closing = CloseConnections | CloseNextConnections | CloseApiConnections
    if isinstance(action, closing) and (complaint := close_complaint(action.code, action.reason)):
        yield Problem(place, complaint)


def _starts_with_order(step: Step, with_order: Collection[str]) -> bool:
    match step.on or step.after:
        case str(name):
            return name in with_order
        case Event(event=event):
            return event in {"ORDER_TRADE_UPDATE", "TRADE_LITE", "ALGO_UPDATE"}
        case Request(request=request):
            return "order" in request.lower()
        case _:
            return False


# --- expectations -------------------------------------------------------------------------------------------------


def _expectations(scenario: Scenario) -> Iterator[Problem]:
    names = {step.name for step in scenario.steps if step.name is not None}
    for number, expectation in enumerate(scenario.expect):
        path = place_of_expectation(expectation, number)
        if expectation.since is not None:
            yield from _reference(expectation.since, f"{path}.since", names, "a step")
        if milliseconds(expectation.within or "0s") > milliseconds(scenario.timeout):
            message = f"the run ends before this: give it a longer timeout than {scenario.timeout}"
            yield Problem(f"{path}.within", message)
        if isinstance(expectation, EventPattern):
            yield from _event(expectation, path)
        if isinstance(expectation, Counted):
            yield from _count(expectation, path)
        if isinstance(expectation, OrderIs | AlgoOrderIs):
            yield from _order(expectation, path)


def _count(expectation: Counted, path: str) -> Iterator[Problem]:
    if expectation.count is not None and (expectation.at_least is not None or expectation.at_most is not None):
        yield Problem(f"{path}.count", "it says how many exactly: leave out at_least and at_most")


def _order(expectation: OrderIs | AlgoOrderIs, path: str) -> Iterator[Problem]:
    if expectation.status is expectation.executed_quantity is expectation.average_price is None:
        yield Problem(path, "what about the order? give status, executed_quantity or average_price")


# --- both ---------------------------------------------------------------------------------------------------------


def _event(pattern: EventPattern, path: str) -> Iterator[Problem]:
    near = suggestion(pattern.event, KNOWN_EVENTS)
    if near and pattern.event not in KNOWN_EVENTS:
        yield Problem(f"{path}.event", f'there is no event "{pattern.event}"{near}')
    for name, events in _FIELDS_OF_EVENTS.items():
        if getattr(pattern, name) is not None and pattern.event not in events:
            verb = "has" if len(events) == 1 else "have"
            yield Problem(f"{path}.{name}", f"only {' and '.join(events)} {verb} it")


def _reference(name: str, path: str, known: Collection[str], what: str) -> Iterator[Problem]:
    if name not in known:
        yield Problem(path, f'"{name}" is not the name of {what}{_choices(name, known)}')


def _choices(word: str, known: Collection[str]) -> str:
    near = suggestion(word, known)
    if near or not known:
        return near
    few = sorted(known)[:5]
    return f": there are {', '.join(few)}{', ...' if len(known) > len(few) else ''}"
