"""A wall served by a process of its own, for a browser to visit."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from ..support import NO_CERTIFICATES, Process, environment, run


class Wall(Process):
    """A wall served by a process of its own, which can be killed and started again at the same address."""

    def __init__(self, data: Path, **settings: str) -> None:
        super().__init__(data, **{"FEEDBACK_DEFENCES": "off", **settings})
        self.url = f"http://127.0.0.1:{self.port}"
        self.page = f"{self.url}/walls/main"

    def post(self, name: str, text: str, **fields: str) -> int:
        """Somebody else writes; gives the number of the entry, 0 where it waits."""
        answer = httpx.post(
            f"{self.page}/feedback",
            data={"name": name, "text": text, "key": os.urandom(8).hex(), **fields},
            headers={"Sec-Fetch-Site": "same-origin"},
            timeout=20,
            verify=NO_CERTIFICATES,
        )
        assert answer.status_code == 303, answer.text
        thanks = answer.headers["location"].rsplit("=", 1)[1]
        return int(thanks) if thanks.isdigit() else 0

    def run(self, *command: str) -> None:
        """A command of ours, in a process of its own on the same database."""
        run(self.data, *command).check_returncode()

    def edit(self, number: int, text: str) -> None:
        """A change of words, made by another process: there is no command for it."""
        program = (
            "import asyncio, sys\n"
            "from feedback_app.installation import data_folder\n"
            "from feedback_app.config import Settings\n"
            "from feedback_app.database import Database\n"
            "from feedback_app.models import Feedback, Wall\n"
            "number, text = int(sys.argv[1]), sys.argv[2]\n"
            "async def work(session):\n"
            "    wall = (await session.scalars(Wall.locked('main'))).one()\n"
            "    feedback = (await session.scalars(Feedback.numbered(wall.id, number))).one()\n"
            "    wall.edit(feedback, name=feedback.name, text=text)\n"
            "async def main():\n"
            "    database = Database(data_folder.database_url(Settings.from_environment()))\n"
            "    await database.write(work)\n"
            "    await database.close()\n"
            "asyncio.run(main())\n"
        )
        subprocess.run(
            [sys.executable, "-c", program, str(number), text],
            env=environment(self.data),
            check=True,
        )
