"""`/design`, the page for those who change the surface."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from feedback_app.web.assets import folder

from ..support import Served

pytestmark = pytest.mark.sqlite


async def test_the_components_are_shown_during_development_only(wall: Served) -> None:
    assert (await wall.client.get("/design")).status_code == 404


async def test_every_component_and_every_icon_is_on_the_page(serve: Callable[..., Any]) -> None:
    """A component without an example is one that nobody looks at again."""
    wall: Served = await serve(development=True)
    page = (await wall.client.get("/design")).text
    shown = {name for names in re.findall(r'class="([^"]*)"', page) for name in names.split()}
    css = folder("static") / "css"
    styles = "".join(path.read_text() for each in ("components", "controls") for path in (css / each).glob("*.css"))
    defined = set(re.findall(r"\.([a-z]+(?:[_-]+[a-z]+)*)\b(?![^{}]*;)", styles))
    assert defined - shown == {"menu--up"}
    drawings = (folder("templates") / "macros" / "icon.html").read_text()
    names = re.findall(r'^  "([a-z-]+)": ', drawings, re.MULTILINE)
    assert len(names) > 30
    assert all(f">{name}</span>" in page for name in names)


async def test_visitors_do_not_load_what_only_tools_need(wall: Served) -> None:
    page = (await wall.client.get("/walls/main")).text
    (style,) = re.findall(r'<link rel="stylesheet" href="(/static/[^"]+)"', page)
    css = (await wall.client.get(style)).text
    assert ".button{" in css
    assert not re.search(r"\.(segmented|switch|toast|menu|dialog|design)\b", css)
