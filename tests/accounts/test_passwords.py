"""Passwords: which are accepted, and how they are hashed."""

import httpx
import pytest
from argon2 import PasswordHasher
from sqlalchemy import update

from feedback_app.accounts import passwords
from feedback_app.models import Moderator

from ..support import OURS, PASSWORD, Served, employ, log_in


@pytest.mark.parametrize(
    "password",
    [
        PASSWORD,
        "correct horse battery staple",
        "wall of 4 bricks",
        "Zürich liegt am Wasser",
        "пароль из четырёх слов",
        "x8#kQ!2pLw9$",
        "👍🏽 emoji are fine 👍🏽",
        "passwords are a nuisance",
        "a walk by the sea, " * 6 + "and a rest",
    ],
)
def test_these_are_taken(password: str) -> None:
    assert passwords.fault_of(password, "Ann") is None


@pytest.mark.parametrize(
    "password",
    [
        "eleven char",
        "x" * 129,
        "Annabel Long",
        "ANNABEL long",
        "annabellong1",
        "password1234",
        "Password123!",
        "P@ssw0rd2026",
        "qwertyuiop12",
        "qwertyuiopas",
        "123456789012",
        "098765432109",
        "abcdefghijkl",
        "passwordpassword",
        "adminadmin12",
        "AdminPassword",
        "welcome12345",
        "feedbackwall",
        "moderator123",
        "aaaaaaaaaaaa",
        "abababababab",
        "abcabcabcabc",
        "112112211212",
        "iloveyou1234",
        "a bell\x07 rings twice",
        "half a \ud800 surrogate",
        "1qaz2wsx3edc",
        "qazwsxedcrfv",
        "zaq12wsxcde3",
        "1qaz2wsx3edc4rfv",
        "unbelievable",
        "Aa123456789!",
        "manchester123",
        "barcelona2026",
        "christopher1",
        "Spring2026!!",
        "Summer2026!!",
        "Herbst2026!!",
        "Octobre2026!",
        "abc123456789",
        "asdfghjkl123",
        "123qweasdzxc",
        "1234567890ab",
        "1q2w3e4r5t6y",
        "йцукенгшщзхъ",
        "\u043f\u0430\u0440\u043e\u043b\u044c123456",
        "ichliebedich",
        "Annabel-Long-2026",
        "Long.Annabel!",
        "annabel-annabel-annabel",
        "password" * 16,
    ],
)
def test_these_are_not(password: str) -> None:
    """Passwords that would be guessed within the first attempts."""
    fault = passwords.fault_of(password, "Annabel Long")
    assert fault is not None
    assert password not in fault


async def test_an_accent_is_the_same_however_it_is_typed(wall: Served) -> None:
    await employ(wall.database, "Zoë")
    composed, decomposed = "caf\u00e9 au lait et croissant", "cafe\u0301 au lait et croissant"
    await _keep(wall, passwords.hash_now(composed))
    assert (await log_in(wall.client, "Zoe\u0308", decomposed)).status_code == 303


async def test_an_outdated_hash_is_replaced_at_the_login(wall: Served) -> None:
    await employ(wall.database, "Ann")
    weak = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    await _keep(wall, weak)
    assert (await log_in(wall.client, "Ann", "wrong")).status_code == 401
    assert await _stored_hash(wall) == weak
    assert (await log_in(wall.client, "Ann")).status_code == 303
    assert (await _stored_hash(wall)).startswith("$argon2id$v=19$m=47104,t=2,p=1$")
    again = await _stored_hash(wall)
    assert (await log_in(wall.client, "Ann")).status_code == 303
    assert await _stored_hash(wall) == again


@pytest.mark.parametrize(
    "kept", ["", "!", "plain text", "$argon2id$v=19$m=1,t=1,p=1$x$y", "$2b$12$abcdefghijklmnopqrstuv"]
)
async def test_what_is_no_hash_lets_nobody_in(wall: Served, kept: str) -> None:
    await employ(wall.database, "Ann")
    await _keep(wall, kept)
    for password in (PASSWORD, kept or "x"):
        assert (await log_in(wall.client, "Ann", password)).status_code == 401


@pytest.mark.parametrize(
    ("name", "password"),
    [
        ("Ann", "x"),
        ("Ann", "x" * 10_000),
        ("Ann", PASSWORD + " "),
        ("Ann", PASSWORD.upper()),
        ("Ann", "\x00"),
        ("An", PASSWORD),
        ("x" * 100_000, PASSWORD),
        ("\u0301\u0316" * 5_000, PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("%", PASSWORD),
        ("Bob", PASSWORD),
    ],
)
async def test_what_is_wrong_is_the_same_wrong(wall: Served, name: str, password: str) -> None:
    """Existing and unknown names get the same response, and a password that is too long is not hashed."""
    await employ(wall.database, "Ann")
    answer = await log_in(wall.client, name, password)
    assert answer.status_code == 401
    assert "Name or password is wrong." in answer.text
    assert "set-cookie" not in answer.headers


async def test_an_unknown_name_and_a_wrong_password_get_the_same_answer(wall: Served) -> None:
    """To the letter, but for the name that was typed."""
    await employ(wall.database, "Known")
    wall.client.headers["Accept-Encoding"] = "identity"
    known, unknown = [await log_in(wall.client, name, "wrong") for name in ("Known", "Other")]
    assert unknown.text.replace("Other", "Known") == known.text
    assert unknown.status_code == known.status_code
    assert [pair for pair in unknown.headers.items() if pair[0] != "date"] == [
        pair for pair in known.headers.items() if pair[0] != "date"
    ]


NO_WORDS = [
    b"name=%FF&password=%FF",
    b"name=%00&password=x",
    b"name=%ED%A0%80&password=%ED%A0%80",
    b"name=Ann&password=%FF",
]


async def test_bytes_that_are_no_words_are_no_name(wall: Served) -> None:
    await employ(wall.database, "Ann")
    headers = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}
    for body in NO_WORDS:
        assert (await wall.client.post("/login", content=body, headers=headers)).status_code == 401, body


WAYS_TO_WRITE_IT = ["ann", "ANN", " Ann ", "\uff21\uff4e\uff4e", "Ann\u200e"]


async def test_a_name_is_the_same_in_whatever_case_it_is_written(client: httpx.AsyncClient, wall: Served) -> None:
    await employ(wall.database, "Ann")
    for name in WAYS_TO_WRITE_IT:
        assert (await log_in(client, name)).status_code == 303, name


async def _keep(wall: Served, hashed: str) -> None:
    await wall.database.write(lambda session: session.execute(update(Moderator).values(password=hashed)))


async def _stored_hash(wall: Served) -> str:
    async with wall.database.reading() as session:
        return (await session.scalars(Moderator.all())).one().password
