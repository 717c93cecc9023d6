"""The writer: one task makes every change of this process, in batches that share a transaction (group commit)."""

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
# Event loop iterations between batches. A batch costs much the same for any number of jobs, so responses go out first
# and new requests can join the next one.
YIELDS_BETWEEN_BATCHES = 4
# The SQLite thread needs the GIL to start the commit and releases it during fsync.
HEAD_START_SECONDS = 0.00001
# During an outage a job is retried for this long.
PATIENCE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 1.0

Part = TypeVar("Part")
Result = TypeVar("Result")
Response = TypeVar("Response")
BatchFunction = Callable[[AsyncSession, Sequence[Part]], Awaitable[Sequence[Result | Exception]]]
Work = Callable[[AsyncSession], Awaitable[Result]]
AfterFlush = Callable[[Result], Response]


class NothingWritten:
    """A result without a write: it does not show that the database accepts writes."""


@dataclass(eq=False, slots=True)
class _Job(Generic[Part, Result, Response]):
    together: BatchFunction[Part, Result]
    part: Part
    answer: "asyncio.Future[Response]"
    then: AfterFlush[Result, Response]
    since: float = field(default_factory=time.monotonic)

    def prepare(self, answer: Any) -> Any:
        """Turn the result into the response, or into the exception that this raised."""
        if self.answer.done() or isinstance(answer, Exception):
            return answer
        try:
            return self.then(answer)
        except Exception as fault:  # The post is stored in any case.
            return fault

    def settle(self, answer: Any) -> None:
        """Resolve the future, unless the caller has gone."""
        if self.answer.done():
            return
        if isinstance(answer, Exception):
            self.answer.set_exception(answer)
        else:
            self.answer.set_result(answer)


_AnyJob = _Job[Any, Any, Any]


class Writer:
    """Runs waiting jobs with the same batch function together, in one transaction with one commit.

    No job gets its result before the commit. Transactions run in the writer's own task, so a cancelled request does not
    cancel them: on SQLite that would leave the file locked.
    """

    def __init__(
        self,
        sessions: async_sessionmaker[AsyncSession],
        outage: Outage,
        turn: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
    ) -> None:
        """`turn` returns a context manager that is entered around each transaction (SQLite's write lock)."""
        self.listeners: list[Callable[[], None]] = []
        self._sessions, self._outage = sessions, outage
        self._turn = turn
        self._waiting: deque[_AnyJob] = deque()
        self._task: asyncio.Task[None] | None = None

    async def write(self, work: Work[Result]) -> Result:
        """Run `work` within a savepoint; retry only if it was certainly not committed. Raises what `work` raised."""
        return await self.write_together(one_by_one, work, unchanged)

    async def write_together(
        self, together: BatchFunction[Part, Result], part: Part, then: AfterFlush[Result, Response]
    ) -> Response:
        """Run `part` in a batch; `together` returns one result per part. A result that is an exception is raised here.

        `together` must be idempotent, since a commit with an unknown outcome is retried. `then` turns the result into
        the response while the commit is in progress. It may run for a commit that fails, so it must have no effects.
        """
        answer: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        job = _Job(together, part, answer, then)
        self._waiting.append(job)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="writer")
        return await answer

    async def close(self) -> None:
        """Finish all waiting jobs."""
        if self._task is not None:
            await self._task

    async def _run(self) -> None:
        while self._waiting:
            await self._settle(self._next_batch())
            for _ in range(YIELDS_BETWEEN_BATCHES):
                await asyncio.sleep(0)
        self._task = None

    def _next_batch(self) -> list[_AnyJob]:
        """The job that has waited longest, and up to `BATCH` jobs with the same batch function."""
        together = self._waiting[0].together
        batch = [job for job in self._waiting if job.together == together][:BATCH]
        chosen = set(map(id, batch))
        self._waiting = deque(job for job in self._waiting if id(job) not in chosen)
        return batch

    async def _settle(self, batch: list[_AnyJob]) -> None:
        """Commit a batch. After a transient error retry it; after any other error run its jobs one by one."""
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
            for job in batch:
                await self._settle([job])

    async def _commit(self, batch: list[_AnyJob]) -> tuple[Exception | None, bool]:
        """Run one transaction. Returns its error, if any, and whether the batch may be retried."""
        together = batch[0].together
        commits = False
        try:
            async with self._turn():
                async with self._sessions() as session, session.begin():
                    answers = await together(session, [job.part for job in batch])
                    pairs = list(zip(batch, answers, strict=True))
                    await session.flush()  # Only the commit remains.
                    commits = True
                    preparing = asyncio.create_task(_prepared(pairs))
                self._acknowledge(await preparing)
        except Exception as fault:  # No job of the batch was acknowledged.
            return fault, is_passing(fault) and not (commits and together == one_by_one)
        return None, False

    def _patient(self, jobs: Iterable[_AnyJob], fault: Exception) -> list[_AnyJob]:
        """The jobs within `PATIENCE_SECONDS`; the others fail with this error."""
        patient = []
        for job in jobs:
            if time.monotonic() - job.since < PATIENCE_SECONDS:
                patient.append(job)
            else:
                self._refuse(job, fault)
        return patient

    def _refuse(self, job: _AnyJob, fault: Exception) -> None:
        self._outage.failed("writing", fault)
        job.settle(fault)

    def _acknowledge(self, pairs: Sequence[tuple[_AnyJob, Any]]) -> None:
        """After the commit: resolve the jobs and call the listeners."""
        if not all(isinstance(answer, Exception | NothingWritten) for _, answer in pairs):
            self._outage.worked("writing")
        for job, answer in pairs:
            job.settle(answer)
        for listener in self.listeners:
            listener()


async def _prepared(pairs: Sequence[tuple[_AnyJob, Any]]) -> list[tuple[_AnyJob, Any]]:
    """The responses, prepared in a task that starts after the commit was sent to the database."""
    if any(job.then is not unchanged for job, _ in pairs):
        time.sleep(HEAD_START_SECONDS)  # noqa: ASYNC251 - asyncio.sleep would let other tasks take the GIL.
    return [(job, job.prepare(answer)) for job, answer in pairs]


def unchanged(result: Result) -> Result:
    """The default for `then`: the result is the response."""
    return result


async def one_by_one(session: AsyncSession, works: Sequence[Work[Result]]) -> list[Result | Exception]:
    """Batch function for single works: each runs within its own savepoint, so that a failure affects no other."""
    return [await _try(work, session) for work in works]


async def _try(work: Work[Result], session: AsyncSession) -> Result | Exception:
    try:
        async with session.begin_nested():
            return await work(session)
    except Exception as fault:  # Raised to the caller of this job.
        if is_passing(fault):
            raise
        return fault


async def _pause(attempt: int) -> None:
    """Exponential backoff with full jitter, so that jobs that failed together do not all retry together.

    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter
    """
    longest = min(LONGEST_PAUSE_SECONDS, 0.02 * 2**attempt)
    await asyncio.sleep(random.uniform(0, longest))  # noqa: S311
