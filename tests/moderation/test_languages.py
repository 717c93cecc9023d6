"""Moderators read the queue and the log in their own language, whatever the language of the wall."""

import html
import re

import pytest
from babel.messages.pofile import read_po

from feedback_app.text.translation import LANGUAGES, catalogue_files

from ..support import Served
from ..support.moderators import ModeratorClient, act_of, fill

OTHERS = [each for each in LANGUAGES if each != "en"]
ADDRESSES = ("", "?show=hidden", "?search=nothing", "?by=1", "/log", "/log?verb=pin", "/changes?after=1", "/bar")


def english(language: str) -> set[str]:
    """The sentences that read otherwise in this language."""
    found: set[str] = set()
    for path in catalogue_files(language):
        with path.open("rb") as file:
            for message in read_po(file, locale=language):
                ids = message.id if isinstance(message.id, tuple) else (message.id,)
                words = message.string if isinstance(message.string, tuple) else (message.string,)
                found |= {one for one, other in zip(ids, words, strict=False) if " " in one and one != other}
    return found


def shown(page: str) -> str:
    """What is read or heard of a page: its text, and attributes that carry words."""
    attributes = " ".join(re.findall(r'(?:aria-label|placeholder|data-(?!part|state|verb)[\w-]+)="([^"]*)"', page))
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page) + " " + attributes).split())


@pytest.mark.parametrize("language", OTHERS)
async def test_nothing_on_the_queue_and_the_log_is_left_in_english(
    wall: Served, kim: ModeratorClient, language: str
) -> None:
    await fill(wall, "held", "public", "hidden", "held")
    kim.client.headers["Accept-Language"] = language
    for verb, number in (("publish", 1), ("pin", 1), ("hide", 2), ("block-author", 3), ("remove", 4)):
        done = await kim.act(verb, number)
        assert done.status_code == 200
    await kim.undo(act_of(done))
    patterns = [re.compile(re.sub(r"%\\\(\w+\\\)s", ".+", re.escape(each))) for each in english(language)]
    assert len(patterns) > 150
    for address in ADDRESSES:
        answer = await kim.client.get(f"/walls/main/moderation{address}")
        assert answer.status_code == 200, address
        left = [each.pattern for each in patterns if re.search(rf"(?<!\w){each.pattern}(?!\w)", shown(answer.text))]
        assert left == [], address


@pytest.mark.parametrize("language", OTHERS)
async def test_a_refusal_is_said_in_the_language_of_its_moderator(
    wall: Served, kim: ModeratorClient, language: str
) -> None:
    await fill(wall, "held")
    kim.client.headers["Accept-Language"] = language
    refused = await kim.act("pin", 1)
    assert refused.status_code == 409
    assert "Publish it first" not in refused.text
    assert "nothing was changed" not in refused.text
