"""The writer: everything this process changes in the database passes through its one task."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

BATCH = 256


@dataclass
class _Piece:
    work: Callable[[AsyncSession], Awaitable[Any]]
    answer: asyncio.Future[Any]
    result: Any = None
    error: Exception | None = field(default=None)


class Writer:
    """Pieces of work that wait at the same moment share a transaction and its commit.

    Each is behind a savepoint of its own, so that one that fails harms no other, and nobody is answered before the
    commit. A request that is cancelled cancels nothing inside a transaction, since this task is not the request's: on
    SQLite such a cancellation would leave the file locked.
    """

    def __init__(self, sessions: async_sessionmaker[AsyncSession]) -> None:
        self.listeners: list[Callable[[], None]] = []
        self._sessions = sessions
        self._waiting: asyncio.Queue[_Piece | None] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def write(self, work: Callable[[AsyncSession], Awaitable[Any]]) -> Any:
        piece = _Piece(work, asyncio.get_running_loop().create_future())
        self._waiting.put_nowait(piece)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="writer")
        return await piece.answer

    async def close(self) -> None:
        if self._task is not None:
            self._waiting.put_nowait(None)
            await self._task
            self._task = None

    async def _run(self) -> None:
        while (piece := await self._waiting.get()) is not None:
            batch = [piece]
            while len(batch) < BATCH and not self._waiting.empty():
                another = self._waiting.get_nowait()
                if another is None:
                    self._waiting.put_nowait(None)
                    break
                batch.append(another)
            await self._commit(batch)

    async def _commit(self, batch: list[_Piece]) -> None:
        try:
            async with self._sessions() as session, session.begin():
                for piece in batch:
                    await _try(piece, session)
        except Exception as error:  # Whatever kept the transaction from its commit: nothing of the batch is stored.
            for piece in batch:
                piece.error = piece.error or error
        for piece in batch:
            if piece.answer.done():
                continue
            if piece.error is not None:
                piece.answer.set_exception(piece.error)
            else:
                piece.answer.set_result(piece.result)
        for listener in self.listeners:
            listener()


async def _try(piece: _Piece, session: AsyncSession) -> None:
    try:
        async with session.begin_nested():
            piece.result = await piece.work(session)
    except Exception as error:  # It belongs to whoever asked for this piece, and is raised there.
        piece.error = error
