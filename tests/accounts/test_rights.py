"""Who may do what: every route and method, asked by every kind of person; a route that is not in the table fails."""

import re
from collections.abc import AsyncIterator
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from feedback_app.accounts import invitations
from feedback_app.server import health
from feedback_app.web.forms import URLENCODED

from ..support import Browser, Served, add_wall, employ, post, stamp

# What each person gets. A visitor, or a moderator whose session has ended, is always redirected to the login.
KINDS = ("stranger", "ended", "other", "moderator", "owner")
NO_WALL = "There is no wall at this address"


class Right(NamedTuple):
    """The statuses for each kind of person, in the order of KINDS, and what the request brings along."""

    statuses: tuple[int, ...]
    fields: dict[str, str] | None = None
    query: str = ""


def everybody(status: int, fields: dict[str, str] | None = None, query: str = "") -> Right:
    return Right((status,) * 5, fields, query)


def moderators(page: int, fields: dict[str, str] | None = None) -> Right:
    """Every moderator who is logged in."""
    return Right((*_led(fields), page, page, page), fields)


def keepers(page: int, fields: dict[str, str] | None = None) -> Right:
    """Moderators and owners of this wall; to all others who are logged in it is no wall."""
    return Right((*_led(fields), 404, page, page), fields)


def owners(page: int, fields: dict[str, str] | None = None) -> Right:
    """Owners of this wall. Its moderators get an explanation; for all others who are logged in it is no wall."""
    return Right((*_led(fields), 404, 403, page), fields)


def _led(fields: dict[str, str] | None) -> tuple[int, int]:
    return (303, 303) if fields is None else (401, 401)


MEMBERS = "/settings/walls/<slug>/moderators"
INVITATIONS = "/settings/walls/<slug>/invitations"
DESK = "/walls/<slug>/moderation"
SETTINGS = "/settings/walls/<slug>"
NOTHING = {"": ""}
# They are answered before Quart.
STREAMS = {"GET /walls/<slug>/live", f"GET {DESK}/live", "GET /moderation/live"}
RIGHTS = {
    "GET /": everybody(200),
    "GET /static/<name>": everybody(404),
    "GET /embed.js": everybody(200),
    "GET /accents/<colour>.css": everybody(200),
    "GET /healthz": everybody(200),
    "GET /readyz": everybody(200),
    # On this machine; test_metrics.py asks from elsewhere.
    "GET /metrics": everybody(200),
    "GET /walls/<slug>": everybody(200),
    "GET /walls/<slug>/frame": everybody(200),
    "GET /walls/<slug>/embed": everybody(200),
    "GET /walls/<slug>/feedback": everybody(200),
    "GET /walls/<slug>/feedback/<int:number>": everybody(200),
    "GET /walls/<slug>/changes": everybody(200, query="?after=0"),
    "GET /walls/<slug>/feed.json": everybody(200),
    "GET /walls/<slug>/feed.atom": everybody(200),
    "GET /walls/<slug>/live": everybody(200),
    "GET /walls/<slug>/waiting": everybody(200, query="?of=1.forged"),
    "POST /walls/<slug>/feedback": everybody(303, {"name": "Zoe", "text": "Hello"}),
    "GET /login": Right((200, 200, 303, 303, 303)),
    "POST /login": everybody(401, {"name": "Nobody", "password": "nothing"}),
    "POST /logout": everybody(303, NOTHING),
    "GET /setup": everybody(404),
    "POST /setup": everybody(404, NOTHING),
    "GET /moderation": moderators(200),
    "GET /moderation/walls": moderators(200),
    "GET /moderation/live": Right((404, 404, 200, 200, 200)),
    f"GET {DESK}": keepers(200),
    f"GET {DESK}/entries": keepers(200),
    f"GET {DESK}/changes": keepers(200),
    f"GET {DESK}/live": Right((404, 404, 404, 200, 200)),
    f"GET {DESK}/log": keepers(200),
    f"GET {DESK}/log.csv": keepers(200),
    "POST /moderation/acts": keepers(303, {"verb": "pin", "feedback": "1"}),
    "GET /settings/account": moderators(200),
    "POST /settings/account": moderators(422, NOTHING),
    "POST /settings/account/logins": moderators(303, NOTHING),
    "GET /settings/walls": moderators(200),
    # Owners of a wall may make another one.
    "POST /settings/walls": Right((401, 401, 422, 403, 422), NOTHING),
    "GET /settings/checks/address": Right((303, 303, 200, 403, 200)),
    "GET /settings/checks/accent": moderators(200),
    "GET /settings/checks/embedders": moderators(200),
    f"GET {SETTINGS}": owners(200),
    f"POST {SETTINGS}": owners(422, NOTHING),
    f"POST {SETTINGS}/address": owners(422, NOTHING),
    f"POST {SETTINGS}/archive": owners(303, NOTHING),
    f"POST {SETTINGS}/unarchive": owners(303, NOTHING),
    f"GET {SETTINGS}/export.json": owners(200),
    f"GET {SETTINGS}/export.csv": owners(200),
    f"GET {SETTINGS}/delete": owners(200),
    f"POST {SETTINGS}/delete": owners(422, NOTHING),
    f"GET {MEMBERS}": owners(200),
    f"POST {MEMBERS}": owners(422, NOTHING),
    f"POST {MEMBERS}/<int:number>": owners(422, {"role": "king"}),
    f"POST {INVITATIONS}": owners(422, {"role": "king"}),
    f"POST {INVITATIONS}/<int:number>": owners(303, NOTHING),
}
# Names of fields and parameters, to be filled with what nobody types.
ODD = (
    "name", "slug", "accent", "text", "password", "title", "welcome", "origins", "token", "next", "verb", "feedback",
    "act", "role", "stamp", "key", "q", "author", "show", "before", "after", "thanks", "of", "theme", "limit", "done",
)  # fmt: skip
VALUES = {
    "<slug>": "main",
    "<int:number>": "1",
    "<name>": "none.css",
    "<colour>": "ffffff",
}


@pytest.fixture
async def people(wall: Served, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Browser]]:
    """A browser for each kind of person."""
    # However busy this machine is, the wall is ready.
    monkeypatch.setattr(health, "SECONDS", 10)
    await add_wall(wall.database, "other")
    await post(wall.client, "Ann", "First")
    numbers = {
        "owner": await employ(wall.database, "Owner", main="owner"),
        "moderator": await employ(wall.database, "Moderator", main="moderator"),
        "other": await employ(wall.database, "Other", other="owner"),
        "ended": await employ(wall.database, "Ended", main="owner"),
    }
    browsers = {kind: await Browser.of(wall, number) for kind, number in numbers.items()}
    browsers["stranger"] = Browser(wall)
    token = browsers["ended"].cookies["feedback"]
    await browsers["ended"].post("/logout")
    browsers["ended"].cookies.set("feedback", token, domain="127.0.0.1")
    yield browsers
    for browser in browsers.values():
        await browser.aclose()


def routes(wall: Served) -> set[str]:
    return {
        f"{method} {rule.rule}"
        for rule in wall.app.url_map.iter_rules()
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }


async def test_every_route_is_in_the_table(wall: Served) -> None:
    """A new route must be added to the table of rights."""
    assert routes(wall) | STREAMS == set(RIGHTS)


async def test_everybody_gets_what_the_table_says(people: dict[str, Browser]) -> None:
    """Nobody without the right changes anything, or hears of more."""
    wrong: dict[str, dict[str, int]] = {}
    # The logout comes last, since it ends what the others need.
    for route, right in sorted(RIGHTS.items(), key=lambda each: each[0] == "POST /logout"):
        found = {kind: await ask(people[kind], route, right) for kind in KINDS}
        statuses = {kind: answer.status_code for kind, answer in found.items()}
        if statuses != dict(zip(KINDS, right.statuses, strict=True)):
            wrong[route] = statuses
        if is_private(route):
            unknown = () if route in STREAMS else [each for each in found.values() if each.status_code == 404]
            assert all(NO_WALL in answer.text for answer in unknown), route
            assert not any("Owner" in found[kind].text for kind in ("stranger", "ended")), route
            assert not any("set-cookie" in answer.headers for answer in found.values()), route
    assert wrong == {}


async def test_a_wall_of_others_is_the_same_as_none(people: dict[str, Browser]) -> None:
    """The whole answer, and for strangers too."""
    vary = ("date", "location", "content-length")
    for route in filter(is_private, RIGHTS):
        for kind, status in zip(KINDS, RIGHTS[route].statuses, strict=True):
            if status != 404 and kind not in ("stranger", "ended"):
                continue
            theirs = await ask(people[kind], route, RIGHTS[route])
            none = await ask(people[kind], route, RIGHTS[route], slug="nonesuch")
            assert theirs.status_code == none.status_code, (route, kind)
            assert theirs.text == none.text.replace("nonesuch", "main"), (route, kind)
            assert [pair for pair in theirs.headers.multi_items() if pair[0] not in vary] == [
                pair for pair in none.headers.multi_items() if pair[0] not in vary
            ], (route, kind)


async def test_other_methods_do_nothing(people: dict[str, Browser]) -> None:
    """No override, and nothing that a link could do."""
    rules = {route.split()[1] for route in set(RIGHTS) - STREAMS}
    for method in ("PUT", "DELETE", "PATCH", "POST", "GET"):
        for rule in rules - {route.split()[1] for route in RIGHTS if route.startswith(method)}:
            for headers in ({}, {"X-HTTP-Method-Override": "POST"}):
                answer = await people["owner"].request(method, f"{path_of(rule)}?_method=POST", headers=headers)
                assert answer.status_code == 405, (method, rule)


async def test_what_is_asked_for_without_its_body_is_refused_in_the_same_way(people: dict[str, Browser]) -> None:
    for route, right in RIGHTS.items():
        if route.startswith("GET") and route not in STREAMS:
            for kind, status in zip(KINDS, right.statuses, strict=True):
                answer = await people[kind].head(path_of(route.split()[1]) + right.query)
                assert (answer.status_code, answer.content) == (status, b""), (route, kind)


@pytest.mark.parametrize("words", ["a\0b", "\ud800"])
async def test_what_no_database_takes_makes_no_fault_anywhere(people: dict[str, Browser], words: str) -> None:
    """In each part of an address, each field of a form and each parameter."""
    quoted = quote(words, errors="surrogatepass")
    left_out = {*STREAMS, "POST /logout"}
    asked = [(*route.split(), right.fields) for route, right in RIGHTS.items() if route not in left_out]
    requests = [
        (method, f"{path_of(rule.replace(part, quoted))}", fields)
        for method, rule, fields in asked
        for part in re.findall("<[^>]+>", rule)
    ]
    requests += [
        (method, f"{path_of(rule)}?{'&'.join(f'{each}={quoted}' for each in ODD)}", None) for method, rule, _ in asked
    ]
    requests += [
        (method, path_of(rule), {**fields, **odd})
        for method, rule, fields in asked
        if fields is not None
        for odd in (dict.fromkeys(ODD, words), *({each: words} for each in {*fields, *ODD[:4]}))
    ]
    for method, path, fields in requests:
        body = "&".join(f"{each}={quote(value, errors='surrogatepass')}" for each, value in (fields or {}).items())
        form = {"content": body.encode(), "headers": {"Content-Type": URLENCODED}} if method == "POST" else {}
        answer = await people["owner"].request(method, path, **form)
        assert answer.status_code < 500, (method, path, fields)


async def test_an_owner_reaches_nothing_of_another_wall_through_their_own(
    wall: Served, people: dict[str, Browser]
) -> None:
    """Numbers of another wall behind the address of one's own."""
    invited = await people["other"].post("/settings/walls/other/invitations", data={"role": "moderator"})
    assert invited.status_code == 201
    await people["owner"].post("/settings/walls/main/invitations/1", data=NOTHING)
    assert "An invitation for" in (await people["other"].get("/settings/walls/other/moderators")).text
    answer = await people["owner"].post("/settings/walls/main/moderators/3", data={"role": "none"})
    assert answer.status_code == 404
    assert (await people["other"].get("/settings/walls/other/moderators")).status_code == 200


async def test_an_invitation_is_for_the_holder_of_its_token(wall: Served) -> None:
    token = await invitations.offer_first(wall.database)
    async with Browser(wall) as browser:
        assert (await browser.get("/setup")).status_code == 404
        assert (await browser.get(f"/setup?token={token}")).status_code == 200


def path_of(rule: str, slug: str = "main") -> str:
    for name, value in {**VALUES, "<slug>": slug}.items():
        rule = rule.replace(name, value)
    return rule


def is_private(route: str) -> bool:
    """Whether it is about one wall and not for visitors."""
    return "<slug>" in route and ("/settings/" in route or "/moderation" in route)


async def ask(browser: Browser, route: str, right: Right, slug: str = "main") -> Any:
    method, rule = route.split()
    fields = right.fields
    if fields and "text" in fields:
        fields = {**fields, "stamp": await stamp(browser)}
    request = browser.build_request(method, path_of(rule, slug) + right.query, data=fields)
    answer = await browser.send(request, stream=True)
    # A stream has no end to wait for.
    if "event-stream" in answer.headers["content-type"]:
        answer._content = b""
    else:
        await answer.aread()
    await answer.aclose()
    return answer
