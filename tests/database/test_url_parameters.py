"""Database URLs as providers give them and people type them: accepted, or rejected with one line."""

from pathlib import Path

import pytest

from feedback_app.config import ConfigurationError
from feedback_app.database import Database, complete_url
from feedback_app.database.url_parameters import of_mariadb, of_postgresql

from ..support import run

# No address here may show any of it in an answer.
SECRET = "hush"
POSTGRESQL = "postgresql://wall:hush@db.example/wall"
MARIADB = "mysql://wall:hush@db.example/wall"

UNDERSTOOD = (
    f"{POSTGRESQL}?sslmode=require",
    f"{POSTGRESQL}?sslmode=require&channel_binding=prefer",
    f"{POSTGRESQL}?sslmode=disable&application_name=wall&connect_timeout=10",
    f"{POSTGRESQL}?target_session_attrs=read-write&options=-c%20search_path%3Dwall",
    f"{POSTGRESQL}?sslmode=verify-full&sslrootcert=system",
    f"{POSTGRESQL}?sslmode=verify-ca&sslrootcert=/etc/passwd&ssl_min_protocol_version=TLSv1.3",
    f"{POSTGRESQL}?client_encoding=utf8&gssencmode=disable&sslsni=1&keepalives=1",
    f"{POSTGRESQL}?pgbouncer=true",
    "postgresql://wall:hu,sh,x@db.example/wall",
    "postgresql://wall:1,hush/x@db.example/wall",
    "postgresql://wall@/wall?host=db.example&port=5433",
    "postgres://wall@/wall?host=/var/run/postgresql",
    "postgresql://wall:hush@[::1]:5432/wall",
    "postgresql://wall:h%40u%2Fs%23h@db.example/wall",
    f"{MARIADB}?ssl-mode=REQUIRED",
    f"{MARIADB}?ssl_mode=required&charset=utf8mb4",
    f"{MARIADB}?sslmode=VERIFY_IDENTITY",
    f"{MARIADB}?ssl=true&connect_timeout=5",
    f"{MARIADB}?ssl-mode=DISABLED&default-character-set=utf8",
    "mariadb://wall@localhost/wall?socket=/run/mysqld/mysqld.sock",
)
NAMED = {
    f"{POSTGRESQL}?sslmode=require&channel_binding=require": "channel_binding",
    f"{POSTGRESQL}?sslmode=on": "sslmode",
    f"{POSTGRESQL}?sslrootcert=/nowhere": "sslrootcert",
    f"{POSTGRESQL}?sslpassword=hush&sslcert=/nowhere": "sslcert",
    f"{POSTGRESQL}?target_session_attrs=best": "target_session_attrs",
    f"{POSTGRESQL}?connect_timeout=soon": "connect_timeout",
    f"{POSTGRESQL}?replication=database": "replication",
    f"{POSTGRESQL}?load_balance_hosts=random": "load_balance_hosts",
    f"{POSTGRESQL}?gssencmode=require": "gssencmode",
    f"{POSTGRESQL}?require_auth=scram-sha-256": "require_auth",
    f"{POSTGRESQL}?client_encoding=latin1": "client_encoding",
    f"{POSTGRESQL}?password=hush": "before the @",
    f"{POSTGRESQL}?dbname=other": "behind the host",
    f"{POSTGRESQL}?schema=public": "schema",
    f"{POSTGRESQL}?bogus=hush": "bogus",
    f"{POSTGRESQL}?%1b[31mred=1": "not well formed",
    f"{MARIADB}?ssl-mode=PREFERRED": "ssl_mode",
    f"{MARIADB}?ssl-ca=/nowhere": "ssl_ca",
    f"{MARIADB}?ssl-ca=/etc/passwd": "ssl_ca",
    f"{MARIADB}?ssl-cert=/etc/passwd": "ssl_cert",
    f"{MARIADB}?ssl-mode=REQUIRED&ssl-cipher=NONE-OF-THESE": "ssl_cipher",
    f'{MARIADB}?ssl={{"rejectUnauthorized":true}}': "ssl that cannot be used",
    f"{MARIADB}?ssl-verify-server-cert=hush": "ssl_verify_server_cert",
    f"{MARIADB}?charset=latin1": "charset",
    f"{MARIADB}?useSSL=true": "usessl",
    f"{MARIADB}?init_command=hush": "init_command",
    f"{MARIADB}?allowPublicKeyRetrieval=true": "allowpublickeyretrieval",
    "postgresql://wall:p@hush@db.example/wall": "percent-encoded",
    "postgresql://wall:p@hush#word@db.example/wall": "percent-encoded",
    "postgresql://wall:p@hu/sh@db.example/wall": "percent-encoded",
    "postgresql://wall:p@hu?sh=1@db.example/wall": "percent-encoded",
    "postgresql://wa/hush@db.example/wall": "percent-encoded",
    "postgresql://wall:hush@db.example:54x/wall": "percent-encoded",
    "postgresql://wall:hush@db.example:99999/wall": "percent-encoded",
    "mysql://wall:hush@db.example:0/wall": "percent-encoded",
    "postgresql://wall:hush@[::1/wall": "percent-encoded",
    "postgresql:/wall:hush@db.example/wall": "percent-encoded",
    "mysql://wall:p@hush:1@db.example/wall": "percent-encoded",
    "postgresql://wall:hush@db1.example:5432,db2.example:5432/wall": "several hosts",
    "postgresql://wall:hush@db1.example,db2.example/wall": "several hosts",
    "postgresql://wall:hush@db1.example,db2.example:5433/wall": "several hosts",
    "postgres://wall:hush@[::1]:5432,[::2]:5432/wall?sslmode=require": "several hosts",
    "postgresql+asyncpg://db1.example:1,db2.example:2/wall?user=wall": "several hosts",
    "postgresql://wall:hush@/wall?host=db1.example&host=db2.example": "several hosts",
    "postgresql://wall:hush@/wall?host=db1.example:5432&host=db2.example:5432": "several hosts",
    "postgresql://wall:hush@/wall?host=db1.example,db2.example&port=5432,5433": "several hosts",
    "mysql://wall:hush@db1.example:3306,db2.example:3306/wall": "several hosts",
    "mariadb://wall:hush@db1.example,db2.example/wall": "several hosts",
    "postgresql://wall:p@hu,sh/x@db.example/wall": "percent-encoded",
    "postgresql://wall:p@hush,word@db.example/wall": "percent-encoded",
    "oracle://wall:hush@db.example/wall": "not supported",
    "sqlite:///wall.sqlite3?mode=hush": "question mark",
}


@pytest.mark.parametrize("address", UNDERSTOOD)
async def test_these_are_understood(address: str) -> None:
    database = Database(address)
    assert not set(database.write_engine.url.query) - {"host", "port", "charset"}
    await database.close()


@pytest.mark.parametrize("address", NAMED)
def test_of_these_one_line_names_what_is_not(address: str) -> None:
    with pytest.raises(ConfigurationError, match=NAMED[address]) as raised:
        Database(address)
    assert SECRET not in str(raised.value)
    assert str(raised.value).isprintable()


def test_what_is_asked_of_the_driver() -> None:
    asked = of_postgresql(complete_url(f"{POSTGRESQL}?sslmode=require&application_name=me&connect_timeout=0"))
    assert asked.arguments == {"dsn": "postgresql://?sslmode=require"}
    assert asked.session == {"application_name": "me"}
    modes = {"disabled": None, "required": (False, 0), "verify_ca": (False, 2), "verify_identity": (True, 2)}
    for mode, expected in modes.items():
        context = of_mariadb(complete_url(f"{MARIADB}?ssl-mode={mode}")).arguments.get("ssl")
        assert (context and (context.check_hostname, context.verify_mode)) == expected, mode


def test_nothing_of_a_password_is_told_by_any_command(tmp_path: Path) -> None:
    for address in ("postgresql://wall:hush@127.0.0.1:1/wall", f"{POSTGRESQL}?bogus=1", "postgresql://w:p@hush@x/y"):
        for command in (("wall", "list"), ("check",), ("backup", "x"), ("serve", "--port", "0")):
            outcome = run(tmp_path / "data", *command, FEEDBACK_DATABASE_URL=address)
            assert outcome.returncode == 1
            assert SECRET not in outcome.stdout + outcome.stderr, command
            assert command == ("check",) or len(outcome.stderr.splitlines()) == 1, outcome.stderr
    assert not (tmp_path / "data").exists()


@pytest.mark.sqlite
def test_where_to_copy_to_need_not_stand_in_the_list_of_processes(data: Path, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/copy.sqlite3"
    assert "FEEDBACK_COPY_TO" in run(data, "copy").stderr
    assert "Copied and compared" in run(data, "copy", FEEDBACK_COPY_TO=address).stdout
    assert (tmp_path / "copy.sqlite3").stat().st_mode & 0o077 == 0
