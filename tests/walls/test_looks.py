"""Looks of walls: colours that can be read on their grounds, and one style sheet for a look with an accent."""

import re

import httpx
import pytest

from feedback_app.models import Wall
from feedback_app.walls.contrast import contrast, mixed
from feedback_app.walls.looks import LOOKS, accent_colours, stylesheet, stylesheet_path
from feedback_app.web.assets import folder

from ..support import Served
from ..support.settings_forms import arrange

ACCENTS = (
    *("", "ffcc00", "ffffff", "777777", "000000", "4f46e5", "ff0000", "00ff00", "0000ff", "00ffff", "ff00ff", "ffff00"),
    *("0a7d55", "aa3366", "f97316", "fde68a", "94a3b8", "1e293b", "808000", "e11d48"),
)
TOKEN = re.compile(r"--(text|muted|faint|edge): light-dark\((#\w+), (#\w+)\)")
LINK = re.compile(r'<link rel="stylesheet" href="(/looks/[^"]+)">')


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize("accent", ACCENTS)
def test_an_accent_can_be_read_in_both_themes(name: str, accent: str) -> None:
    look = LOOKS[name]
    colours = accent_colours(accent, look)
    assert colours.fill == (accent or look.accent)
    assert contrast(colours.fill, colours.ink) >= 4.5
    for grounds, text, edge in zip((look.light, look.dark), colours.text, colours.edge, strict=True):
        for ground in grounds.all:
            assert contrast(text, ground) >= 4.5
            assert contrast(text, mixed(text, ground, 0.11)) >= 4.5
            assert contrast(edge, ground) >= 3


@pytest.mark.parametrize("name", LOOKS)
def test_plain_words_and_fields_can_be_read_on_the_grounds_of_a_look(name: str) -> None:
    tokens = {token: colours for token, *colours in TOKEN.findall((folder("static") / "css/tokens.css").read_text())}
    assert tokens.keys() == {"text", "muted", "faint", "edge"}
    for token, colours in tokens.items():
        for grounds, colour in zip((LOOKS[name].light, LOOKS[name].dark), colours, strict=True):
            for ground in grounds.all:
                digits = "".join(2 * each for each in colour[1:]) if len(colour) == 4 else colour[1:]
                assert contrast(digits, ground) >= (3 if token == "edge" else 4.5), (token, ground)


@pytest.mark.parametrize("name", LOOKS)
def test_the_style_sheet_of_a_look_is_small(name: str) -> None:
    assert len(stylesheet(name, "ffcc00").compressed) < 1024


async def test_a_wall_links_to_its_own_look_only(wall: Served, owner: httpx.AsyncClient) -> None:
    assert LINK.findall((await wall.client.get("/walls/main")).text) == []
    await arrange(owner, look="meadow", accent="#FC0")
    for address in ("/walls/main", "/walls/main?before=1", "/walls/main/embed"):
        (path,) = LINK.findall((await wall.client.get(address)).text)
        assert path.startswith("/looks/meadow-ffcc00.")
        answer = await wall.client.get(path)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "--accent:#ffcc00;--on-accent:#000000" in answer.text
        assert "--cover:" in answer.text
    (path,) = LINK.findall((await wall.client.get("/walls/main/frame")).text)
    answer = await wall.client.get(path)
    assert "--accent:#ffcc00" in answer.text
    assert "--page" not in answer.text
    assert "--cover" not in answer.text
    assert "--accent:#123456" in (await wall.client.get("/accents/123456.css")).text


async def test_other_style_sheets_are_not_there(wall: Served) -> None:
    path = stylesheet_path("tide", "123456")
    assert (await wall.client.get(path)).status_code == 200
    outdated = await wall.client.get(re.sub(r"\.\w{12}\.", ".0123456789ab.", path))
    assert (outdated.status_code, outdated.headers["cache-control"]) == (200, "no-cache")
    for other in ("/looks/none-own.0123456789ab.css", "/looks/tide-12345.0123456789ab.css", "/looks/tide-own.css"):
        assert (await wall.client.get(other)).status_code == 404


async def test_the_owner_chooses_what_the_form_asks_and_the_words_on_its_button(
    wall: Served, owner: httpx.AsyncClient
) -> None:
    await arrange(owner, prompt="What did you <learn>?", post_label="Send it", look="paper")
    page = (await wall.client.get("/walls/main")).text
    assert 'placeholder="What did you &lt;learn&gt;?"' in page
    assert "Send it</button>" in page
    answer = await arrange(owner, prompt="x" * 121, post_label="y" * 25, look="none")
    assert answer.status_code == 422
    async with wall.database.reading() as session:
        found = (await session.scalars(Wall.named("main"))).one()
    assert (found.prompt, found.post_label, found.look) == ("What did you <learn>?", "Send it", "paper")
