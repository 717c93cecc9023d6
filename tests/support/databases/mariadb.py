"""Test databases on MariaDB."""

from contextlib import suppress
from typing import Any

import asyncmy

from .server import Server


class MariaDB(Server):
    engine = "mariadb"
    errors = (asyncmy.errors.Error,)

    async def _connect(self) -> None:
        url = self.base
        self.connection = await asyncmy.connect(
            host=url.host, port=url.port or 3306, user=url.username, password=url.password or "", autocommit=True
        )

    async def _disconnect(self) -> None:
        await self.connection.ensure_closed()

    async def _ask(self, question: str) -> list[tuple[Any, ...]]:
        async with self.connection.cursor() as cursor:
            await cursor.execute(question)
            return list(await cursor.fetchall())

    async def _names(self) -> list[str]:
        return [row[0] for row in await self._ask("SELECT schema_name FROM information_schema.schemata")]

    async def _make(self, name: str) -> None:
        # Our tables must not depend on the server's default character set.
        await self._ask(f"CREATE DATABASE {name} CHARACTER SET latin1")

    async def _clone(self, name: str) -> None:
        await self._make(name)
        await self._ask(f"USE {name}")
        await self._ask("SET foreign_key_checks = 0")
        for table in [*self._tables(self.schema), "alembic_version"]:
            ((_, statement),) = await self._ask(f"SHOW CREATE TABLE {self.template}.`{table}`")
            await self._ask(statement)
            await self._ask(f"INSERT INTO `{table}` SELECT * FROM {self.template}.`{table}`")

    async def _drop(self, name: str) -> None:
        await self._kill_connections(name)
        await self._ask(f"DROP DATABASE IF EXISTS {name}")

    async def _take_template(self) -> None:
        self.schema = await self._look(self.template)
        self.numbers = await self._next_numbers(self.template)
        self.filled = [
            table
            for table in self._tables(self.schema)
            if await self._ask(f"SELECT 1 FROM {self.template}.`{table}` LIMIT 1")
        ]

    async def _next_numbers(self, name: str) -> dict[str, int | None]:
        tables = f"SELECT table_name, auto_increment FROM information_schema.tables WHERE table_schema = '{name}'"
        return dict(await self._ask(tables))

    @staticmethod
    def _tables(schema: Any) -> list[str]:
        return sorted({row[0] for row in schema[0]} - {"alembic_version"})

    async def _look(self, name: str) -> Any:
        columns = await self._ask(
            "SELECT table_name, column_name FROM information_schema.columns "
            f"WHERE table_schema = '{name}' ORDER BY 1, 2"
        )
        known = any(row[0] == "alembic_version" for row in columns)
        return columns, await self._ask(f"SELECT version_num FROM {name}.alembic_version") if known else []

    async def _kill_connections(self, name: str) -> None:
        """Kill connections that a test has left open."""
        for (number,) in await self._ask(f"SELECT id FROM information_schema.processlist WHERE db = '{name}'"):
            if number != self.connection.thread_id():
                with suppress(asyncmy.errors.Error):
                    await self._ask(f"KILL {number}")

    async def _empty(self, name: str) -> bool:
        """Reset the database to the template; False if its schema differs."""
        await self._kill_connections(name)
        if await self._look(name) != self.schema:
            return False
        await self._ask(f"USE {name}")
        await self._ask("SET foreign_key_checks = 0")
        await self._ask("BEGIN")
        for table in self._tables(self.schema):
            await self._ask(f"DELETE FROM `{table}`")
        for table in self.filled:
            await self._ask(f"INSERT INTO `{table}` SELECT * FROM {self.template}.`{table}`")
        await self._ask("COMMIT")
        for table, number in (await self._next_numbers(name)).items():
            if number != self.numbers[table]:
                await self._ask(f"ALTER TABLE `{table}` AUTO_INCREMENT = {self.numbers[table]}")
        return True
