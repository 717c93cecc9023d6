"""Pages of owners: make a wall, change its settings and address, archive, export and delete it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from quart import Blueprint, Response, abort, g, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts import sessions
from ..accounts.staff_pages import staff_page
from ..models import Membership, Moderator, Wall
from ..models.moderator import OWNER
from ..text.messages import Message
from ..text.translation import translate
from ..walls.embed import choices
from ..walls.location import Location
from ..walls.looks import accent_colours, look_of
from ..walls.lookup import NO_WALL
from ..walls.page import wall_page
from ..web.forms import read_form
from ..web.security import allow_framing
from ..web.state import database, state
from ..web.templates import language_of_request
from . import commands
from .commands import AddressTaken, SettingsConflict
from .first_steps import first_steps
from .forms import AddressForm, SettingsForm, WallForm, settings_of
from .transfer.export import TYPES, as_csv, as_json

views = Blueprint("settings", __name__)

TAKEN = Message("Another wall has this address. Choose a different one.")
SOMEBODY = Message("Somebody else")
DONE = {
    "made": Message("Your wall is ready. Adjust it here; the defaults work, too."),
    "setup": Message("Welcome! Your wall is ready."),
    "saved": Message("Saved. Open pages are already up to date."),
    "renamed": Message("The wall has its new address. The old one redirects to it."),
    "archived": Message("The wall is archived."),
    "unarchived": Message("The wall is no longer archived."),
    "deleted": Message("The wall and everything on it are deleted."),
}


@views.get("/settings/walls")
async def walls() -> Response:
    return await _walls_page(WallForm())


@views.post("/settings/walls")
async def make() -> Response:
    owner = await _require_owner()
    form = WallForm(await read_form())
    if not form.validate():
        return await _walls_page(form, 422)
    title, slug = str(form.title.data), str(form.slug.data)

    try:
        await database().write(lambda session: commands.make(title, slug, owner, session))
    except AddressTaken:
        form.slug.errors = [TAKEN]
        return await _walls_page(form, 422)
    return _redirect(f"/settings/walls/{slug}?done=made")


@views.get("/settings/checks/address")
async def propose() -> Response:
    """The address field while the title is typed. An address that the owner typed stays."""
    await _require_owner()
    form = WallForm(request.args)
    async with database().reading() as session:
        proposed = await commands.propose(str(form.title.data or ""), session)
    if form.slug.data in ("", None, form.proposed.data):
        form.slug.data = proposed
    form.proposed.data = proposed
    return await staff_page("settings/_address.html", form=form)


@views.get("/settings/checks/embedders")
async def check_embedders() -> Response:
    """Validate the list of sites while it is typed."""
    await sessions.require_moderator()
    form = SettingsForm(request.args, wall={"embedders": "*", "accent": "", "look": ""})
    form.validate()
    return await staff_page("settings/_frame_ancestors.html", form=form)


@views.get("/settings/checks/accent")
async def check_accent() -> Response:
    """Preview the accent colour while it is chosen."""
    await sessions.require_moderator()
    form = SettingsForm(request.args, wall={"embedders": "*", "accent": "", "look": ""})
    form.validate()
    return await staff_page("settings/_accent.html", form=form, **_accent(form))


@views.get("/settings/walls/<slug>")
async def show(slug: str) -> Response:
    wall, _ = await _owned(slug)
    return await _settings_page(wall, SettingsForm(wall={**settings_of(wall), "arranged": wall.arranged}))


@views.get("/settings/walls/<slug>/preview")
async def preview(slug: str) -> Response:
    """The wall with the settings in the query, which are not saved. What is not valid stays as it is saved."""
    wall, _ = await _owned(slug)
    form = SettingsForm(request.args, wall=settings_of(wall))
    form.reset_faults()
    for name, value in form.settings.items():
        setattr(wall, name, value)
    async with database().reading() as session:
        html = await wall_page(wall, Location(wall.slug), session, template="walls/preview.html")
    allow_framing("'self'")
    return Response(html)


@views.post("/settings/walls/<slug>")
async def arrange(slug: str) -> Response:
    wall, owner = await _owned(slug)
    form = SettingsForm(await read_form(), wall=settings_of(wall))
    if not form.validate():
        return await _settings_page(wall, form, 422)
    settings, settings_version = form.settings, str(form.arranged.data or "")

    try:
        await _write(lambda session: commands.update_settings(wall.id, settings, settings_version, owner, session))
    except SettingsConflict as conflict:
        return await _conflict_page(conflict, settings)
    return _redirect(f"/settings/walls/{slug}?done=saved")


@views.post("/settings/walls/<slug>/address")
async def rename(slug: str) -> Response:
    wall, owner = await _owned(slug)
    form = AddressForm(await read_form())
    if form.validate():
        try:
            await _write(lambda session: commands.rename(wall.id, str(form.slug.data), owner, session))
        except AddressTaken:
            form.slug.errors = [TAKEN]
        else:
            return _redirect(f"/settings/walls/{form.slug.data}?done=renamed")
    settings = SettingsForm(wall={**settings_of(wall), "arranged": wall.arranged})
    return await _settings_page(wall, settings, 422, address=form)


@views.post("/settings/walls/<slug>/archive")
async def archive(slug: str) -> Response:
    wall, owner = await _owned(slug)
    await _write(lambda session: commands.archive(wall.id, True, owner, session))
    return _redirect(f"/settings/walls/{slug}?done=archived")


@views.post("/settings/walls/<slug>/unarchive")
async def unarchive(slug: str) -> Response:
    wall, owner = await _owned(slug)
    await _write(lambda session: commands.archive(wall.id, False, owner, session))
    return _redirect(f"/settings/walls/{slug}?done=unarchived")


@views.get("/settings/walls/<slug>/export.json", defaults={"kind": "json"})
@views.get("/settings/walls/<slug>/export.csv", defaults={"kind": "csv"})
async def export(slug: str, kind: str) -> Response:
    """The wall as a file, read in batches while it is sent."""
    wall, _ = await _owned(slug)
    keys = state().keys
    pieces = as_json(wall, database(), keys) if kind == "json" else as_csv(wall, database())
    answer = Response((piece.encode() async for piece in pieces), content_type=TYPES[kind])
    answer.timeout = None
    answer.headers["Content-Disposition"] = f'attachment; filename="{wall.slug}.{kind}"'
    return answer


@views.get("/settings/walls/<slug>/embed")
async def embed(slug: str) -> Response:
    """The page for embedding, as moderators of the wall see it: with their header."""
    async with database().reading() as session:
        wall = await sessions.require_wall(slug, session)
    return await staff_page("settings/embed.html", wall=wall, **choices(wall, f"/settings/walls/{wall.slug}/embed"))


@views.get("/settings/walls/<slug>/embed/snippets")
async def embed_snippets(slug: str) -> Response:
    """A fragment of that page, while the look is chosen."""
    async with database().reading() as session:
        wall = await sessions.require_wall(slug, session)
    return await staff_page("walls/_snippets.html", language=language_of_request(), **choices(wall, ""))


@views.get("/settings/walls/<slug>/delete")
async def ask_to_delete(slug: str) -> Response:
    wall, _ = await _owned(slug)
    return await staff_page("settings/delete.html", wall=wall, fault="")


@views.post("/settings/walls/<slug>/delete")
async def delete(slug: str) -> Response:
    """Needs the address of the wall as a confirmation."""
    wall, owner = await _owned(slug)
    if (await read_form()).get("address", "").strip() != wall.slug:
        fault = Message("Type the address of the wall, %(address)s, to delete it.", address=wall.slug)
        return await staff_page("settings/delete.html", 422, wall=wall, fault=fault)

    await _write(lambda session: commands.delete(wall.id, owner, session))
    return _redirect("/settings/walls?done=deleted")


async def _owned(slug: str) -> tuple[Wall, Moderator]:
    async with database().reading() as session:
        wall = await sessions.require_wall(slug, session, OWNER)
    return wall, await sessions.require_moderator()


async def _require_owner() -> Moderator:
    """Owners of a wall may make more. Raises OwnersOnly."""
    moderator = await sessions.require_moderator()
    async with database().reading() as session:
        if not await session.scalar(Membership.walls(moderator.id, OWNER).limit(1)):
            sessions.note_refusal(moderator)
            raise sessions.OwnersOnly
    return moderator


async def _write(work: Callable[[AsyncSession], Awaitable[Wall | None]]) -> None:
    if await database().write(work) is None:
        abort(404, NO_WALL)


async def _conflict_page(conflict: SettingsConflict, mine: Mapping[str, Any]) -> Response:
    """The form with both owners' changes merged, and a list of the other's."""
    wall = conflict.wall
    theirs = settings_of(wall)
    merged, before = commands.merge(mine, theirs, conflict.acts)
    form = SettingsForm(wall={**merged, "arranged": wall.arranged})
    changes = [(form[_field(name)].label.text, before[name], theirs[name], merged[name]) for name in before]
    names = dict.fromkeys(act.moderator_name for act in reversed(conflict.acts))
    who = ", ".join(names) or translate(SOMEBODY, language_of_request())
    return await _settings_page(wall, form, 409, who=who, changes=changes)


def _field(name: str) -> str:
    return "origins" if name == "embedders" else name


def _accent(form: SettingsForm) -> dict[str, Any]:
    """Template variables: the look, and the colours that come from the accent in it (None without a valid accent)."""
    look = look_of(str(form.look.data))
    typed = form.typed_accent if not form.accent.errors else ""
    return {"chosen_look": look, "colours": accent_colours(typed, look) if typed else None}


async def _settings_page(wall: Wall, form: SettingsForm, status: int = 200, **more: Any) -> Response:
    values = {"address": AddressForm(data={"slug": wall.slug}), "who": "", "changes": [], **more}
    done = DONE.get(request.args.get("done", ""), "") if status == 200 else ""
    steps = await first_steps(wall)
    g.frame_src = "'self'"
    values |= {"wall": wall, "form": form, "done": done, "first_steps": steps, **_accent(form)}
    return await staff_page("settings/wall.html", status, **values)


async def _walls_page(form: WallForm, status: int = 200) -> Response:
    moderator = await sessions.require_moderator()
    async with database().reading() as session:
        roles = (await session.execute(Membership.roles_of(moderator.id))).all()
    done = DONE.get(request.args.get("done", ""), "") if status == 200 else ""
    may_make = any(role == OWNER for _, role in roles)
    return await staff_page("settings/walls.html", status, form=form, walls=roles, may_make=may_make, done=done)


def _redirect(address: str) -> Response:
    return Response("", 303, {"Location": address})
