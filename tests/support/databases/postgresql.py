"""Test databases on PostgreSQL."""

from typing import Any

import asyncpg

from .server import Server

LARGE_BYTES = 2**18


class Postgresql(Server):
    engine = "postgresql"
    errors = (asyncpg.PostgresError,)

    async def _connect(self) -> None:
        self.connection = await self._open("postgres")

    async def _open(self, database: str) -> Any:
        url = self.base
        return await asyncpg.connect(
            host=url.host, port=url.port or 5432, user=url.username, password=url.password, database=database
        )

    async def _disconnect(self) -> None:
        await self.connection.close()

    async def _names(self) -> list[str]:
        return [row[0] for row in await self.connection.fetch("SELECT datname FROM pg_database")]

    async def _make(self, name: str, options: str = "ENCODING 'UTF8' TEMPLATE template0") -> None:
        await self.connection.execute(f"CREATE DATABASE {name} {options}")
        # For speed; tests of power failures use servers of their own.
        await self.connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")

    async def _clone(self, name: str) -> None:
        await self._make(name, f"TEMPLATE {self.template}")

    async def _drop(self, name: str) -> None:
        await self.connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    async def _take_template(self) -> None:
        connection = await self._open(self.template)
        self.schema = await self._look(connection)
        self.rows = {
            table: await connection.fetchval(f'SELECT json_agg(t)::text FROM "{table}" t')
            for table in self._tables(self.schema)
        }
        sequences = await connection.fetch("SELECT relname FROM pg_class WHERE relkind = 'S'")
        self.numbers = [
            (name, *await connection.fetchrow(f'SELECT last_value, is_called FROM "{name}"')) for (name,) in sequences
        ]
        await connection.close()

    @staticmethod
    def _tables(schema: Any) -> list[str]:
        return sorted({row[0] for row in schema[0]} - {"alembic_version"})

    @staticmethod
    async def _look(connection: Any) -> Any:
        columns = (
            "SELECT relname, attname FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped ORDER BY 1, 2"
        )
        try:
            version = await connection.fetch("SELECT version_num FROM alembic_version")
        except asyncpg.UndefinedTableError:
            version = []
        return await connection.fetch(columns), version

    async def _empty(self, name: str) -> bool:
        """Reset the database to the template; False if its schema differs."""
        await self.connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name)
        connection = await self._open(name)
        try:
            if await self._look(connection) != self.schema:
                return False
            # TRUNCATE makes new files, which is slower than deleting a few rows.
            large = "SELECT pg_relation_size(format('public.%I', $1::text)) > $2"
            statements = ["SET LOCAL session_replication_role = replica"]
            for table in self._tables(self.schema):
                is_large = await connection.fetchval(large, table, LARGE_BYTES)
                statements.append(f'TRUNCATE "{table}" CASCADE' if is_large else f'DELETE FROM "{table}"')
            statements += [f"SELECT setval('{name}', {number}, {called})" for name, number, called in self.numbers]
            async with connection.transaction():
                await connection.execute("; ".join(statements))
                for table, rows in self.rows.items():
                    if rows is not None:
                        await connection.execute(
                            f'INSERT INTO "{table}" SELECT * FROM json_populate_recordset(NULL::"{table}", $1)', rows
                        )
        finally:
            await connection.close()
        return True
