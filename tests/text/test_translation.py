"""Translation: every message for visitors in every language."""

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from feedback_app.models import Wall
from feedback_app.text.messages import Message
from feedback_app.text.translation import FOLDER, LANGUAGES, translate

from .. import ROOT
from ..support import Served

KEYWORDS = {"Message": None, "counted": (1, 2), "_": None, "gettext": None}
METHODS = [("feedback_app/**.py", "python"), ("templates/**", "jinja2")]
VALUES = re.compile(r"%\(\w+\)s|\{\}|<[^>]*>")
# Pages of moderators are in English.
STAFF = ("accounts", "moderation", "settings", "macros")
OURS = ("staff.html", "live/_queue_change.html")
# Names that are the same everywhere, and what is no page.
SAME = {"Atom", "JSON Feed"}


def sentences() -> set[str]:
    found = set()
    for _, _, message, _, _ in extract_from_dir(ROOT, METHODS, {}, keywords=KEYWORDS, comment_tags=()):
        found |= {message} if isinstance(message, str) else {each for each in message if isinstance(each, str)}
    return found


@pytest.mark.parametrize("language", [each for each in LANGUAGES if each != "en"])
def test_every_sentence_is_said_in_every_language(language: str) -> None:
    with (FOLDER / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language, abort_invalid=True)
    said = {}
    for message in catalogue:
        if message.id:
            ids = message.id if isinstance(message.id, tuple) else (message.id,)
            words = message.string if isinstance(message.string, tuple) else (message.string,)
            said.update(dict(zip(ids, words, strict=False)))
    wanted = sentences()
    assert len(wanted) > 100
    assert wanted - {sentence for sentence, words in said.items() if words} == set(), "Not said yet."
    assert set(said) - wanted == set(), "Said by nobody any more."
    for sentence, words in said.items():
        one = " " in sentence and "%(num)s" not in words
        assert one or sorted(VALUES.findall(sentence)) == sorted(VALUES.findall(words)), sentence


def test_the_languages_are_the_four_that_are_offered() -> None:
    assert sorted(LANGUAGES) == ["de", "en", "es", "fr"]
    assert {path.stem for path in FOLDER.glob("*.po")} == set(LANGUAGES) - {"en"}


def of_visitors() -> list[Path]:
    templates = ROOT / "templates"
    paths = [path.relative_to(templates) for path in sorted(templates.rglob("*.html"))]
    return [path for path in paths if path.parts[0] not in STAFF and str(path) not in OURS]


@pytest.mark.parametrize("path", of_visitors(), ids=str)
def test_no_template_for_visitors_has_words_of_its_own(path: Path) -> None:
    text = (ROOT / "templates" / path).read_text()
    text = re.sub(r"\{% trans .*?endtrans %\}|\{#.*?#\}|\{\{.*?\}\}|\{%.*?%\}", " ", text, flags=re.DOTALL)
    labels = re.findall(r'\b(?:aria-label|placeholder|title|alt)="([^"]*)"', text)
    words = re.sub(r"<!?[^<>]*>|[\w-]+=\"[^\"]*\"", "\n", text)
    found = {line.strip() for line in [*words.splitlines(), *labels] if re.search(r"[^\W\d_]{2}", line)}
    assert found - SAME == set()


def test_numbers_are_written_as_the_language_writes_them() -> None:
    sentence = Message("This form has more than %(most)s fields. Use the form on the wall's own page.", most=2000)
    assert "2,000" in sentence
    assert "2.000" in translate(sentence, "de")
    assert "2\u202f000" in translate(sentence, "fr")
    counted = Message.counted("One post a minute", "One post every %(num)s minutes", 1)
    assert "pro Minute" in translate(counted, "de")


def test_markup_stays_markup_in_every_language_and_what_is_none_is_escaped() -> None:
    sentence = Message("You can post again in %(time)s. We kept your text.", time=Markup("<b>0:05</b>"))
    for language, words in (("en", "post again in <b>0:05</b>"), ("de", "in <b>0:05</b> wieder")):
        said = translate(sentence, language)
        assert words in said
        assert isinstance(said, Markup)
    assert not isinstance(
        translate(Message("You can post again in %(time)s. We kept your text.", time="<b>"), "en"), Markup
    )


async def test_the_list_of_walls_is_in_the_language_of_whoever_looks(wall: Served) -> None:
    await wall.database.write(add_second)
    for asked, language, words in (("fr-CH, en;q=0.5", "fr", "Murs d"), ("ja", "en", "Feedback walls")):
        answer = await wall.client.get("/", headers={"Accept-Language": asked})
        assert f'<html lang="{language}"' in answer.text
        assert words in answer.text
        assert "Accept-Language" in answer.headers["vary"]


async def add_second(session: AsyncSession) -> None:
    session.add(Wall(slug="second", title="Second"))
