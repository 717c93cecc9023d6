"""The QR code of a wall."""

import xml.etree.ElementTree as ET

from ..support import Served
from ..support.moderators import make_wall

SVG = "{http://www.w3.org/2000/svg}"


async def test_the_code_is_an_image_that_names_the_walls_address(wall: Served) -> None:
    answer = await wall.client.get("/walls/main/qr.svg")
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (200, "image/svg+xml")
    assert "public" in answer.headers["cache-control"]
    assert "set-cookie" not in answer.headers
    document = ET.fromstring(answer.text)  # noqa: S314 - It is our own.
    assert document.findtext(f"{SVG}title") == f"http://127.0.0.1:{wall.port}/walls/main"
    left, top, width, height = (float(each) for each in document.attrib["viewBox"].split())
    assert (left, top, width) == (0, 0, height)
    assert (width - 8 - 17) % 4 == 0, "A code has 17 modules and four for each version, and a quiet zone of four."


async def test_each_wall_has_its_own_code_and_a_wall_that_is_not_there_has_none(wall: Served) -> None:
    await make_wall(wall, "second")
    assert (await wall.client.get("/walls/main/qr.svg")).text != (await wall.client.get("/walls/second/qr.svg")).text
    assert (await wall.client.get("/walls/nowhere/qr.svg")).status_code == 404
