"""One life of an engine, which can end at any await as a process does that is killed.

A kill runs no `finally`. So whoever begins something within a life begins it in a context that says so, every task that
is made in there is driven by an object of ours, and once the life is over, that never resumes the task again. What the
event loop would still have called for the dead (timers, callbacks of futures) it does not call. What a dead life did
not get from the network, and what it wrote, is for the network and the exchange to settle: its connections are cut.

Only when a run is over are the dead *buried*: their tasks are cancelled, and close what they hold, for nothing of one
run may be left in the next.
"""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar, copy_context
from types import CodeType, FrameType
from typing import Any, Final, TypeVar

from simulator.runtime.memory_network import MemoryLoop
from simulator.runtime.memory_transport import MemoryTransport
from simulator.runtime.virtual_time import NumberedTask, VirtualTimeLoop

__all__ = ["Life", "mortal_tasks"]

T = TypeVar("T")

_life: ContextVar[Life | None] = ContextVar("life", default=None)
_BURIAL_ROUNDS: Final = 8
_BURIAL_ROUND_S: Final = 60.0


class Life:
    """One process, as far as its exchange and its journal can tell. `on_end` is called when it is killed."""

    def __init__(self, number: int, on_end: Callable[[], None] = lambda: None) -> None:
        self.number = number
        self.tasks: dict[asyncio.Task[Any], None] = {}
        """Those that have not ended, oldest first."""
        self.over = False
        self.buried = False
        self.steps = 0
        self.last_step: int | None = None
        """The life ends before its tasks are resumed for the time after this."""
        self.ended = asyncio.Event()
        self._failed: list[weakref.ref[asyncio.Task[Any]]] = []
        """Tasks that raised, and of which nobody had asked what when they did."""
        self._on_end = on_end
        self._parked: list[tuple[Callable[..., object], tuple[Any, ...], Context]] = []

    def begin(self, work: Coroutine[Any, Any, T], *, name: str | None = None) -> asyncio.Task[T]:
        """Start something within this life."""
        context = copy_context()
        context.run(_life.set, self)
        return asyncio.get_running_loop().create_task(work, name=name, context=context)

    async def do(self, work: Coroutine[Any, Any, T]) -> T | None:
        """Do something within this life; return None when that ends before."""
        task = self.begin(work)
        end = asyncio.ensure_future(self.ended.wait())
        try:
            await asyncio.wait([task, end], return_when=asyncio.FIRST_COMPLETED)
        finally:
            end.cancel()
        return task.result() if task.done() and not self.over else None

    def step(self) -> None:
        """A task of this life is about to be resumed."""
        if self.over:
            return
        if self.steps == self.last_step:
            self.kill()
        self.steps += 1

    def kill(self) -> None:
        """End this life here and now."""
        if self.over:
            return
        self.over = True
        for end in self.connections():
            end.abort()
        self._silence_loop()
        self.ended.set()
        self._on_end()

    def owns(self, context: Context) -> bool:
        """Say whether something in this context belongs to this life."""
        return context.get(_life) is self

    def timers(self) -> list[asyncio.TimerHandle]:
        """Return the timers that this life has set and that have not come."""
        timers = [timer for timer in _scheduled() if not timer.cancelled() and self.owns(_context_of(timer))]
        return [timer for timer in timers if not isinstance(_owner(_callback_of(timer)), MemoryTransport)]

    def connections(self) -> list[MemoryTransport]:
        """Return this life's ends of connections that are kept in memory."""
        loop = asyncio.get_running_loop()
        ends = list(loop.ends) if isinstance(loop, MemoryLoop) else []
        return [end for end in ends if self.owns(end.context)]

    def _silence_loop(self) -> None:
        """Call nothing of this life any more. Tasks see to themselves; a burial needs the rest of what was due."""
        for timer in self.timers():
            timer.cancel()
        for handle in list(_ready()):
            callback, context = _callback_of(handle), _context_of(handle)
            if handle.cancelled() or not self.owns(context) or isinstance(_owner(callback), asyncio.Task):
                continue
            self._parked.append((callback, tuple(handle._args), context))  # noqa: SLF001  as above
            handle.cancel()

    async def bury(self) -> None:
        """Let go of what a dead process no longer holds. Tasks that survive even that stay in `tasks`."""
        self.kill()
        self.buried = True
        loop = asyncio.get_running_loop()
        for callback, arguments, context in self._parked:
            loop.call_soon(callback, *arguments, context=context)
        self._parked.clear()
        await asyncio.sleep(0)
        for _ in range(_BURIAL_ROUNDS):
            if not self.tasks:
                return
            for task in list(self.tasks):
                task.cancel()
            await asyncio.wait(list(self.tasks), timeout=_BURIAL_ROUND_S)

    def forget(self, task: asyncio.Task[Any]) -> None:
        """A task has ended. Nobody is there to hear what one of the dead has raised."""
        self.tasks.pop(task, None)
        if task.cancelled():
            return
        if self.over:
            task.exception()
        elif _is_unheard(task):
            self._failed = [known for known in self._failed if (held := known()) is not None and _is_unheard(held)]
            self._failed.append(weakref.ref(task))

    def unheard(self) -> list[tuple[str, BaseException]]:
        """Return the tasks that raised what nobody has asked for, and what; each once.

        The loop tells of one only when it is collected, which may be never, or in another run.
        """
        tasks = [task for known in self._failed if (task := known()) is not None and _is_unheard(task)]
        return [(task.get_name(), error) for task in tasks if (error := task.exception()) is not None]


class _Driven(Coroutine[Any, Any, T]):
    """A coroutine of a life: it goes on as long as that does."""

    def __init__(self, life: Life, work: Coroutine[Any, Any, T]) -> None:
        self._life = life
        self._work = work

    def send(self, value: Any) -> Any:
        life = self._life
        life.step()
        return self._work.send(value) if not life.over or life.buried else _for_ever()

    def throw(self, *error: Any) -> Any:
        life = self._life
        life.step()
        return self._work.throw(*error) if not life.over or life.buried else _for_ever()

    def close(self) -> None:
        self._work.close()

    def __await__(self) -> Any:
        return self._work.__await__()

    # What asyncio asks of a coroutine to say where it stands.

    @property
    def cr_frame(self) -> FrameType | None:
        return getattr(self._work, "cr_frame", None)

    @property
    def cr_code(self) -> CodeType | None:
        return getattr(self._work, "cr_code", None)

    @property
    def cr_await(self) -> object:
        return getattr(self._work, "cr_await", None)

    @property
    def cr_running(self) -> bool:
        return bool(getattr(self._work, "cr_running", False))


def _is_unheard(task: asyncio.Task[Any]) -> bool:
    return task._log_traceback  # noqa: SLF001  whether the loop would tell of it once it is collected: no other way


def _for_ever() -> asyncio.Future[None]:
    """Return what a task waits for that is never to be resumed."""
    never = asyncio.get_running_loop().create_future()
    never._asyncio_future_blocking = True  # noqa: SLF001  as `await` does it
    return never


def _task(loop: asyncio.AbstractEventLoop, work: Any, **kwargs: Any) -> asyncio.Task[Any]:
    """Return a task as the loop makes it without a factory: on a virtual loop, its place in a set is its number."""
    if isinstance(loop, VirtualTimeLoop):
        return NumberedTask(work, loop=loop, **kwargs)
    return asyncio.Task(work, loop=loop, **kwargs)


@contextmanager
def mortal_tasks(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    """Let every task that is made within a life belong to it; tasks are made as the loop made them before."""
    before = loop.get_task_factory()

    def make(loop: asyncio.AbstractEventLoop, work: Any, **kwargs: Any) -> Any:
        context = kwargs.get("context")
        life: Life | None = _life.get() if context is None else context.get(_life)
        driven = work if life is None else _Driven(life, work)
        task = _task(loop, driven, **kwargs) if before is None else before(loop, driven, **kwargs)
        if life is not None:
            life.tasks[task] = None  # type: ignore[index]  # a factory may make any future, asyncio's makes tasks
            task.add_done_callback(life.forget)  # type: ignore[arg-type]  # as above
        return task

    loop.set_task_factory(make)
    try:
        yield
    finally:
        loop.set_task_factory(before)


def _ready() -> Iterator[asyncio.Handle]:
    loop: Any = asyncio.get_running_loop()
    return iter(loop._ready)  # noqa: SLF001  nobody else knows what it is about to call


def _scheduled() -> Iterator[asyncio.TimerHandle]:
    loop: Any = asyncio.get_running_loop()
    for entry in loop._scheduled:  # noqa: SLF001  as above
        yield entry[-1] if isinstance(entry, tuple) else entry  # a virtual loop numbers them


def _context_of(handle: asyncio.Handle) -> Context:
    context: Context = handle._context  # type: ignore[attr-defined]  # noqa: SLF001  public since 3.12 only
    return context


def _callback_of(handle: asyncio.Handle) -> Callable[..., object]:
    callback: Callable[..., object] = handle._callback  # type: ignore[attr-defined]  # noqa: SLF001  no other way
    return callback


def _owner(callback: object) -> object:
    return getattr(callback, "__self__", None)
