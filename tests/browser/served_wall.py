"""A wall in a server process, for browser tests."""

import os
import subprocess
import sys
from pathlib import Path

import httpx

from ..support import NO_CERTIFICATES, Process, environment, run


class Wall(Process):
    """A server process that can be killed and restarted at the same address."""

    def __init__(self, data: Path, **settings: str) -> None:
        super().__init__(data, **{"FEEDBACK_DEFENCES": "off", **settings})
        self.url = f"http://127.0.0.1:{self.port}"
        self.page = f"{self.url}/walls/main"

    def post(self, name: str, text: str, **fields: str) -> int:
        """Post as another visitor; gives the entry's id, or 0 if it waits."""
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
        """Run one of our commands on the same database."""
        run(self.data, *command).check_returncode()

    def edit(self, number: int, text: str) -> None:
        """Edit an entry from another process, since no command does it."""
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
