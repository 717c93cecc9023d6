"""The writer: everything this process changes in the database passes through its one task."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from .errors import is_passing
from .outage import Outage

BATCH = 256
# A batch costs much the same whoever is in it. So before the next one begins, the answers of the last one go out, and
# whoever is ready to write again by then is read and taken along: so many turns of the loop, a moment where it is idle.
YIELDS_BETWEEN_BATCHES = 4
# SQLite's thread needs the interpreter for a moment to begin a commit, and then no more until the disk has it.
HEAD_START_SECONDS = 0.00001
# While the database is away, a piece is tried again for this long.
PATIENCE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 1.0

Part = TypeVar("Part")
Result = TypeVar("Result")
Response = TypeVar("Response")
BatchFunction = Callable[[AsyncSession, Sequence[Part]], Awaitable[Sequence[Result | Exception]]]
Work = Callable[[AsyncSession], Awaitable[Result]]
AfterFlush = Callable[[Result], Response]


class NothingWritten:
    """A result for which nothing was written: it does not show that the database takes writes."""


@dataclass(eq=False, slots=True)
class _Job(Generic[Part, Result, Response]):
    together: BatchFunction[Part, Result]
    part: Part
    answer: "asyncio.Future[Response]"
    then: AfterFlush[Result, Response]
    since: float = field(default_factory=time.monotonic)

    def prepare(self, answer: Any) -> Any:
        """What whoever asked is to be told of it; what goes wrong with that is theirs."""
        if self.answer.done() or isinstance(answer, Exception):
            return answer
        try:
            return self.then(answer)
        except Exception as fault:  # The words are stored in any case.
            return fault

    def settle(self, answer: Any) -> None:
        """Answer whoever asked, if they are still there."""
        if self.answer.done():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


_AnyJob = _Job[Any, Any, Any]


class Writer:
    """Pieces of the same kind that wait at the same moment are run together and share a transaction and its commit.

    Nobody is answered before the commit. A request that is cancelled cancels nothing inside a transaction, since this
    task is not the request's: on SQLite such a cancellation would leave the file locked.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        outage: Outage,
        turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> None:
        """`turn` gives what is to be entered around each transaction, so that processes take turns."""
        self.listeners: list[Callable[[], None]] = []
        self._sessions, self._outage = sessions, outage
        self._turn = turn
        self._waiting: deque[_AnyJob] = deque()
        self._task: asyncio.Task[None] | None = None

    async def write(self, work: Work[Result]) -> Result:
        """Run one piece of work behind a savepoint of its own. It is run again where it certainly was not committed."""
        return await self.write_together(each_by_itself, work, unchanged)

    async def write_together(
        self, together: BatchFunction[Part, Result], part: Part, then: AfterFlush[Result, Response]
    ) -> Response:
        """Have `part` done by `together`, which gives an answer for each part; an exception is raised to its asker.

        What is run together must do no harm when it is done twice, since a commit whose outcome nobody knows is
        followed by a second try. `then` makes of the answer what is given instead, while the commit is on its way and
        there is time for it; it may be called for nothing, and must tell nobody.
        """
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        piece = _Job(together, part, answer, then)
        self._waiting.append(piece)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="writer")
        return await answer

    async def close(self) -> None:
        """Finish what waits."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._waiting:
            await self._settle(self._next_batch())
            for _ in range(YIELDS_BETWEEN_BATCHES):
                await asyncio.sleep(0)
        self._task = None

    def _next_batch(self) -> list[_AnyJob]:
        """The piece that has waited longest, and those of its kind."""
        kind = self._waiting[0].together
        alike = [piece for piece in self._waiting if piece.together == kind][:BATCH]
        taken = set(map(id, alike))
        self._waiting = deque(piece for piece in self._waiting if id(piece) not in taken)
        return alike

    async def _settle(self, batch: list[_AnyJob]) -> None:
        """Commit and answer; try again what may succeed in a moment, and one by one what fails together."""
        attempt = 0
        while batch:
            fault, may_pass = await self._commit(batch)
            if fault is None:
                return
            if may_pass:
                batch = self._patient(batch, fault)
                self._waiting = deque(self._patient(self._waiting, fault))
                if batch:
                    await _pause(attempt)
                    attempt += 1
            else:
                await self._settle_one_by_one(batch, fault)
                return

    async def _settle_one_by_one(self, batch: list[_AnyJob], fault: Exception) -> None:
        if len(batch) == 1:
            self._refuse(batch[0], fault)
        else:
            for piece in batch:
                await self._settle([piece])

    async def _commit(self, batch: list[_AnyJob]) -> tuple[Exception | None, bool]:
        """What kept the transaction from its commit, and whether it may be run once more as it is."""
        together = batch[0].together
        commits = False
        try:
            async with self._turn():
                async with self._sessions() as session, session.begin():
                    answers = await together(session, [piece.part for piece in batch])
                    pairs = list(zip(batch, answers, strict=True))
                    await session.flush()  # So that nothing but the commit is left.
                    commits = True
                    preparing = asyncio.create_task(_prepared(pairs))
                self._acknowledge(await preparing)
        except Exception as fault:  # Whatever it was, nothing of the batch was acknowledged.
            return fault, is_passing(fault) and not (commits and together == each_by_itself)
        return None, False

    def _patient(self, pieces: Iterable[_AnyJob], fault: Exception) -> list[_AnyJob]:
        """Those that have not waited for too long; the others are told what keeps the database."""
        patient = []
        for piece in pieces:
            if time.monotonic() - piece.since < PATIENCE_SECONDS:
                patient.append(piece)
            else:
                self._refuse(piece, fault)
        return patient

    def _refuse(self, piece: _AnyJob, fault: Exception) -> None:
        self._outage.failed("writing", fault)
        piece.settle(fault)

    def _acknowledge(self, pairs: Sequence[tuple[_AnyJob, Any]]) -> None:
        """It is committed: answer, and have everybody told."""
        if not all(isinstance(answer, Exception | NothingWritten) for _, answer in pairs):
            self._outage.worked("writing")
        for piece, answer in pairs:
            piece.settle(answer)
        for listener in self.listeners:
            listener()


async def _prepared(pairs: Sequence[tuple[_AnyJob, Any]]) -> list[tuple[_AnyJob, Any]]:
    """What there is to be told: its turn comes when the database has been told to commit."""
    if any(piece.then is not unchanged for piece, _ in pairs):
        time.sleep(HEAD_START_SECONDS)  # noqa: ASYNC251 - Nobody else may have the interpreter meanwhile.
    return [(piece, piece.prepare(answer)) for piece, answer in pairs]


def unchanged(result: Result) -> Result:
    return result


async def each_by_itself(session: AsyncSession, works: Sequence[Work[Result]]) -> list[Result | Exception]:
    """Run single pieces of work one after the other, each behind a savepoint, so that one harms no other."""
    return [await _try(work, session) for work in works]


async def _try(work: Work[Result], session: AsyncSession) -> Result | Exception:
    try:
        async with session.begin_nested():
            return await work(session)
    except Exception as fault:  # It belongs to whoever asked for this piece, and is raised there.
        if is_passing(fault):
            raise
        return fault


async def _pause(attempt: int) -> None:
    """Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter), so that those who were
    thrown out at the same moment do not all come back at the same moment."""
    longest = min(LONGEST_PAUSE_SECONDS, 0.02 * 2**attempt)
    await asyncio.sleep(random.uniform(0, longest))  # noqa: S311
