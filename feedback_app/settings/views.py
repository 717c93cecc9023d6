"""Pages of owners: make a wall, change its settings and address, archive, export and delete it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from quart import Blueprint, Response, abort, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..accounts import sessions
from ..accounts.sessions import staff_page
from ..models import Membership, Moderator, Wall
from ..models.moderator import OWNER
from ..walls.contrast import WHITE, contrast, legible, six_digits
from ..walls.location import ACCENT
from ..walls.lookup import NO_WALL
from ..web.forms import read_form
from ..web.state import database, state
from . import commands
from .commands import AddressTaken, SettingsConflict
from .forms import AddressForm, SettingsForm, WallForm, settings_of
from .transfer.export import TYPES, as_csv, as_json

views = Blueprint("settings", __name__)

TAKEN = "Another wall has this address. Choose a different one."
DONE = {
    "made": "Your wall is ready. Adjust it here; the defaults work, too.",
    "saved": "Saved. Open pages are already up to date.",
    "renamed": "The wall has its new address. The old one redirects to it.",
    "archived": "The wall is archived.",
    "unarchived": "The wall is no longer archived.",
    "deleted": "The wall and everything on it are deleted.",
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
    form = SettingsForm(request.args, wall={"embedders": "*", "accent": ""})
    form.validate()
    return await staff_page("settings/_frame_ancestors.html", form=form)


@views.get("/settings/checks/accent")
async def check_accent() -> Response:
    """Preview the accent colour while it is chosen."""
    await sessions.require_moderator()
    form = SettingsForm(request.args, wall={"embedders": "*", "accent": ""})
    form.validate()
    return await staff_page("settings/_accent.html", form=form, **_accent(form))


@views.get("/settings/walls/<slug>")
async def show(slug: str) -> Response:
    wall, _ = await _owned(slug)
    return await _settings_page(wall, SettingsForm(wall={**settings_of(wall), "arranged": wall.arranged}))


@views.post("/settings/walls/<slug>")
async def arrange(slug: str) -> Response:
    wall, owner = await _owned(slug)
    form = SettingsForm(await read_form(), wall=settings_of(wall))
    if not form.validate():
        return await _settings_page(wall, form, 422)
    settings, settings_version = form.settings, str(form.arranged.data or "")
    is_nudged = settings["accent"] != form.typed_accent

    try:
        await _write(lambda session: commands.update_settings(wall.id, settings, settings_version, owner, session))
    except SettingsConflict as conflict:
        return await _conflict_page(conflict, settings)
    return _redirect(f"/settings/walls/{slug}?done=saved{'&nudged=' + form.typed_accent if is_nudged else ''}")


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


@views.get("/settings/walls/<slug>/delete")
async def ask_to_delete(slug: str) -> Response:
    wall, _ = await _owned(slug)
    return await staff_page("settings/delete.html", wall=wall, fault="")


@views.post("/settings/walls/<slug>/delete")
async def delete(slug: str) -> Response:
    """Needs the address of the wall as a confirmation."""
    wall, owner = await _owned(slug)
    if (await read_form()).get("address", "").strip() != wall.slug:
        fault = f"Type the address of the wall, {wall.slug}, to delete it."
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
    who = " and ".join(dict.fromkeys(act.moderator_name for act in reversed(conflict.acts))) or "Somebody else"
    return await _settings_page(wall, form, 409, who=who, changes=changes)


def _field(name: str) -> str:
    return "origins" if name == "embedders" else name


def _accent(form: SettingsForm) -> dict[str, Any]:
    """Template variables: the colour as typed and as shown, and its contrast with white."""
    typed = form.typed_accent if not form.accent.errors else ""
    shown = legible(typed) if typed else ""
    return {"typed": typed, "shown": shown, "ratio": contrast(typed, WHITE) if typed else 0}


async def _settings_page(wall: Wall, form: SettingsForm, status: int = 200, **more: Any) -> Response:
    values = {"address": AddressForm(data={"slug": wall.slug}), "who": "", "changes": [], "nudged": "", **more}
    if status == 200:
        asked = request.args.get("nudged", "")
        values["nudged"] = asked if ACCENT.fullmatch(asked) and legible(six_digits(asked)) == wall.accent else ""
    done = DONE.get(request.args.get("done", ""), "") if status == 200 else ""
    return await staff_page("settings/wall.html", status, wall=wall, form=form, done=done, **_accent(form), **values)


async def _walls_page(form: WallForm, status: int = 200) -> Response:
    moderator = await sessions.require_moderator()
    async with database().reading() as session:
        roles = (await session.execute(Membership.roles_of(moderator.id))).all()
    done = DONE.get(request.args.get("done", ""), "") if status == 200 else ""
    may_make = any(role == OWNER for _, role in roles)
    return await staff_page("settings/walls.html", status, form=form, walls=roles, may_make=may_make, done=done)


def _redirect(address: str) -> Response:
    return Response("", 303, {"Location": address})
