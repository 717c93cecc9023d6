"""Commands on moderators: add, list, password, remove."""

import sys
from collections.abc import Sequence

import click
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts import passwords
from ..accounts.memberships import appoint
from ..config import ConfigurationError
from ..database import Database
from ..models import LoginSession, Membership, Moderator, Wall
from ..models.moderator import LOGIN_LENGTH, MODERATOR, NAME_LENGTH, ROLES, login_of
from ..text.cleaning import InvalidText, clean, is_blank
from .context import with_database

from_standard_input = click.option(
    "--password-stdin", is_flag=True, help="Read the password from standard input instead of asking for it."
)


@click.group()
def moderator() -> None:
    """Moderators: who may log in, and which walls are theirs."""


@moderator.command("add")
@click.argument("name")
@from_standard_input
@click.option("--wall", "slugs", multiple=True, metavar="SLUG", help="A wall of theirs; may be given several times.")
@click.option("--role", type=click.Choice(ROLES), default=MODERATOR, show_default=True, help="What they are there.")
def add(name: str, password_stdin: bool, slugs: Sequence[str], role: str) -> None:
    """Let NAME log in; without --wall they have no wall yet. An existing moderator gets the walls.
    \f

    Raises ConfigurationError for a moderator that exists, without walls to add.
    """
    name = _checked(name)
    known: Moderator | None = None

    async def look(database: Database) -> None:
        async with database.reading() as session:
            nonlocal known
            known = await session.scalar(Moderator.called(name))
            for slug in slugs:
                await _wall(slug, session)

    with_database(look, create=True)
    if known is not None and not slugs:
        raise ConfigurationError(f"There is a moderator {known.name} already. Name a wall to give them with --wall.")
    hashed = "" if known else passwords.hash_now(_ask(name, password_stdin))

    async def make(database: Database) -> None:
        async def work(session: AsyncSession) -> None:
            found = await session.scalar(Moderator.called(name))
            if found is None:
                found = Moderator.new(name, hashed)
                session.add(found)
                await session.flush()
            for slug in slugs:
                await appoint(found, role, (await _wall(slug, session)).id, session)

        await database.write(work)

    with_database(make)
    their = f"{known.name if known else name} may log in"
    if slugs:
        click.echo(f"{their}, as {role} of {', '.join(slugs)}.")
    else:
        click.echo(f"{their}, but has no wall yet: feedback-app moderator add {name!r} --wall main")


@moderator.command("list")
def list_() -> None:
    """One line a moderator: the name, and the walls."""

    async def show(database: Database) -> None:
        async with database.reading() as session:
            roles: dict[int, list[str]] = {}
            for number, slug, role in await session.execute(Membership.all_roles()):
                roles.setdefault(number, []).append(f"{slug} ({role})")
            for each in await session.scalars(Moderator.all()):
                click.echo(f"{each.name}\t{', '.join(roles.get(each.id, []))}")

    with_database(show)


@moderator.command("password")
@click.argument("name")
@from_standard_input
def password(name: str, password_stdin: bool) -> None:
    """Give NAME another password, and end all of their sessions."""

    async def look(database: Database) -> None:
        async with database.reading() as session:
            await _found(name, session)

    with_database(look)
    hashed = passwords.hash_now(_ask(name, password_stdin))

    async def change(database: Database) -> None:
        async def work(session: AsyncSession) -> None:
            found = await _found(name, session)
            found.password = hashed
            await session.execute(LoginSession.delete_all(found.id))

        await database.write(work)

    with_database(change)
    click.echo(f"{name} has a new password, and is logged out everywhere.")


@moderator.command("remove")
@click.argument("name")
def remove(name: str) -> None:
    """Remove NAME, and end all of their sessions. Their acts stay in the audit log."""
    unowned: list[str] = []

    async def delete(database: Database) -> None:
        async def work(session: AsyncSession) -> None:
            found = await _found(name, session)
            owned = {wall.slug for wall in await session.scalars(Membership.walls(found.id, "owner"))}
            await session.delete(found)
            await session.flush()
            unowned[:] = [wall.slug for wall in await session.scalars(Membership.unowned_walls()) if wall.slug in owned]

        await database.write(work)

    with_database(delete)
    click.echo(f"{name} is removed, and logged out everywhere.")
    for slug in unowned:
        click.echo(f"Nobody owns {slug} now: feedback-app moderator add SOMEBODY --wall {slug} --role owner")


def _ask(name: str, from_input: bool) -> str:
    """The password, typed twice and not shown, or from standard input. Raises ConfigurationError."""
    if from_input:
        typed = sys.stdin.readline().rstrip("\r\n")
    elif sys.stdin.isatty():
        typed = click.prompt("Password", hide_input=True, confirmation_prompt="The same password again")
    else:
        raise ConfigurationError("There is no terminal to ask for the password at. Give it with --password-stdin.")
    if fault := passwords.fault_of(typed, name):
        raise ConfigurationError(f"The password cannot be used. {fault}")
    return typed


def _checked(name: str) -> str:
    try:
        name = clean(name, most=NAME_LENGTH, most_code_points=NAME_LENGTH, lines=False)
    except InvalidText as error:
        raise ConfigurationError(f"The name cannot be used. {error}") from None
    if is_blank(name) or len(login_of(name)) > LOGIN_LENGTH:
        raise ConfigurationError(f"A name has 1 to {NAME_LENGTH} characters.")
    return name


async def _found(name: str, session: AsyncSession) -> Moderator:
    found = await session.scalar(Moderator.called(_checked(name)))
    if found is None:
        raise ConfigurationError(f"There is no moderator {name}. See them all with: feedback-app moderator list")
    return found


async def _wall(slug: str, session: AsyncSession) -> Wall:
    found = await session.scalar(Wall.named(slug))
    if found is None:
        raise ConfigurationError(f"There is no wall {slug}. See them all with: feedback-app wall list")
    return found


commands = (moderator,)
