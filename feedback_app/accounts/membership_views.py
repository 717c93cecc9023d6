"""The moderators page of a wall, for owners: add, invite and remove moderators, change roles."""

from quart import Blueprint, Response, abort, request
from sqlalchemy.ext.asyncio import AsyncSession

from ..clock import now
from ..models import Invitation, Membership, Moderator, Wall
from ..models.moderator import OWNER, ROLES
from ..walls.lookup import NO_WALL
from ..web.forms import read_form
from ..web.responses import wants_fragment
from ..web.security import own_address
from ..web.state import database
from ..web.templates import render
from . import sessions
from .deferred_form import HOME
from .forms import MembershipForm
from .invitations import invite
from .memberships import LastOwner, NotOwner, appoint
from .sessions import staff_page

views = Blueprint("memberships", __name__)

LAST_OWNER = "A wall needs an owner. Make somebody else an owner first."
NO_ROLE = "There is no such role. Choose one from the list."
NOBODY = "No account here has this name. Check the spelling, or invite them below."
NO_MEMBER = "There is no such moderator of this wall."
MOST_INVITATIONS = 20
TOO_MANY = "There are many open invitations to this wall already. Withdraw one first."
DONE = {
    "appointed": "Role updated.",
    "same": "They already had this role.",
    "removed": "Removed. They no longer have access.",
    "withdrawn": "Invitation withdrawn.",
}


@views.get("/settings/walls/<slug>/moderators")
async def show(slug: str) -> Response:
    wall, _ = await _owned(slug)
    return await _page(wall, MembershipForm(), done=DONE.get(request.args.get("done", ""), ""))


@views.post("/settings/walls/<slug>/moderators")
async def add(slug: str) -> Response:
    """Add a moderator by name, or change the role of one who is a member already."""
    wall, owner = await _owned(slug)
    form = MembershipForm(await read_form())

    if not form.validate():
        return await _page(wall, form, status=422)
    async with database().reading() as session:
        moderator = await session.scalar(Moderator.called(form.name.data or ""))
    if moderator is None:
        form.name.errors = [NOBODY]
        return await _page(wall, form, status=422)
    return await _appoint(wall, owner, moderator, form.role.data)


@views.post("/settings/walls/<slug>/moderators/<int:number>")
async def change(slug: str, number: int) -> Response:
    """Change a member's role; `none` removes the member. Aborts with 404 when there is no such member."""
    wall, owner = await _owned(slug)
    role = (await read_form()).get("role", "")

    if role not in (*ROLES, "none"):
        return await _page(wall, MembershipForm(), NO_ROLE, 422)
    async with database().reading() as session:
        moderator = await session.scalar(Membership.member(number, wall.id)) or abort(404, NO_MEMBER)
    return await _appoint(wall, owner, moderator, None if role == "none" else role)


@views.post("/settings/walls/<slug>/invitations")
async def invite_somebody(slug: str) -> Response:
    """Make a one-time link, which is shown in this response only."""
    wall, owner = await _owned(slug)
    role = (await read_form()).get("role", "")

    if role not in ROLES:
        return await _page(wall, MembershipForm(), NO_ROLE, 422)
    token = await database().write(lambda session: invite(wall, role, owner, MOST_INVITATIONS, session))
    if token is None:
        return await _page(wall, MembershipForm(), TOO_MANY, 422)
    return await _page(wall, MembershipForm(), status=201, link=f"{own_address()}/setup?token={token}")


@views.post("/settings/walls/<slug>/invitations/<int:number>")
async def withdraw(slug: str, number: int) -> Response:
    wall, _ = await _owned(slug)
    await database().write(lambda session: session.execute(Invitation.delete_invitations(wall.id, number=number)))
    return _back(wall, "withdrawn")


@views.app_errorhandler(sessions.OwnersOnly)
async def explain(refusal: sessions.OwnersOnly) -> Response:
    """The page for moderators who are not owners: it names the owners to ask."""
    wall = refusal.wall
    async with database().reading() as session:
        owners = (await session.scalars(Membership.owners_of(wall.id))).all() if wall else []
    if wants_fragment():
        sentence = "Only owners can do this. Nothing was done."
        return Response(render("errors/_notice.html", wall=None, sentence=sentence), 403)
    return await staff_page("accounts/owners_only.html", 403, wall=wall, owners=owners)


async def _owned(slug: str) -> tuple[Wall, Moderator]:
    async with database().reading() as session:
        wall = await sessions.require_wall(slug, session, OWNER)
    return wall, await sessions.require_moderator()


async def _appoint(wall: Wall, owner: Moderator, moderator: Moderator, role: str | None) -> Response:
    async def work(session: AsyncSession) -> bool:
        return await appoint(moderator, role, wall.id, session, by=owner)

    try:
        is_different = await database().write(work)
    except NotOwner:
        abort(404, NO_WALL)
    except LastOwner:
        return await _page(wall, MembershipForm(), LAST_OWNER, 422)

    if moderator.id == owner.id and role != OWNER:
        return Response("", 303, {"Location": HOME})
    return _back(wall, "same" if not is_different else "removed" if role is None else "appointed")


def _back(wall: Wall, done: str) -> Response:
    return Response("", 303, {"Location": f"/settings/walls/{wall.slug}/moderators?done={done}"})


async def _page(
    wall: Wall, form: MembershipForm, notice: str = "", status: int = 200, *, done: str = "", link: str = ""
) -> Response:
    async with database().reading() as session:
        members = (await session.execute(Membership.on(wall.id))).all()
        invitations = (await session.scalars(Invitation.invitations(wall.id, now()))).all()
    return await staff_page(
        "accounts/moderators.html",
        status,
        wall=wall,
        form=form,
        notice=notice,
        done=done,
        link=link,
        members=members,
        invitations=invitations,
    )
