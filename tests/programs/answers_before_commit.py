"""Our program with a deliberate fault: it acknowledges posts before the commit. It takes our program's arguments.

It proves that the crash tests can find lost posts. Run one worker, since it locks the database most of the time.
"""

import asyncio
from typing import Any

from feedback_app.cli import main
from feedback_app.database.errors import is_passing
from feedback_app.database.writer import Writer

LATE_SECONDS = 0.3


async def commit_late(self: Writer, batch: list[Any]) -> tuple[Exception | None, bool]:
    try:
        async with self._turn(), self._sessions() as session, session.begin():
            answers = await batch[0].together(session, [job.part for job in batch])
            self._acknowledge([(job, job.prepare(answer)) for job, answer in zip(batch, answers, strict=True)])
            await asyncio.sleep(LATE_SECONDS)
    except Exception as fault:
        return fault, is_passing(fault)
    return None, False


if __name__ == "__main__":
    Writer._commit = commit_late  # type: ignore[method-assign]
    main()
