"""Passwords: which ones are taken, and how they are hashed: slowly on purpose, and so never many at once."""

import asyncio
import re
import secrets
import unicodedata
from base64 import b64encode
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128
AT_ONCE = 2
# Whoever comes when this many wait for their turn is asked to come again.
MOST_WAITING = 100
# The memory of OWASP's first choice, with one more round (cheatsheetseries.owasp.org, "Password Storage").
_hasher = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)

# Words that make up the commonest passwords; most of the list of the commonest is shorter than we take.
_COMMON = frozenset(
    """
    abc abcd access account admin administrator apple azerty baseball batman bonjour changeme charlie chocolate
    computer default demo dragon feedback flower football freedom google guest hallo hello iloveyou jesus jordan
    killer letmein login liverpool lovely loveme maggie master michael moderator monkey motdepasse mustang
    mypassword ninja parola pass passe passw passwd passwort password photoshop pokemon princess qazwsx qwe qwer
    qwert qwerty qwertz qwertyuiop root samsung secret senha shadow soccer starwars summer sunshine superman temp
    test tester testing testtest thomas trustno unknown user wachtwoord wall wallapp welcome whatever willkommen
    winter zaq zxc zxcv zxcvbn zxcvbnm contraseña пароль йцукен
    """.split()  # noqa: SIM905
)
_SUBSTITUTES = str.maketrans("0134578@$!", "oieastbasi")
_ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm")
_RUNS = tuple(way * 14 for row in _ROWS for way in (row, row[::-1]))
_REPEATED = re.compile(r"(.{1,8}?)\1+")
_TRIMMINGS = re.compile(r"^[\W\d_]+|[\W\d_]+$")
_NO_LETTERS = re.compile(r"[\W\d_]+")
# So much beside a common word is a password in its own right.
_ENOUGH = 9


class Busy(Exception):
    """Too many wait to have a password looked at."""

    seconds = 5

    def __init__(self) -> None:
        super().__init__(f"Many people are logging in at this moment. Try again in {self.seconds} seconds.")


def fault_of(password: str, name: str) -> str | None:
    """What is wrong with a new password for whoever has this name, as a sentence, or None."""
    if len(password) < SHORTEST:
        return f"This is too short: {SHORTEST} characters at least. Tip: use a few unrelated words."
    if len(password) > LONGEST:
        return f"This is too long: {LONGEST} characters at most."
    if any(unicodedata.category(each) in ("Cc", "Cs") for each in password):
        return "This contains a character that nobody can type again. Choose another password."
    folded, own = _folded(password), _folded(name)
    if folded == own or _is_common(folded, own):
        return "This password is too easy to guess. Choose another one, such as a few unrelated words."
    return None


def _is_common(folded: str, own: str) -> bool:
    if len(set(folded)) < 4 or _REPEATED.fullmatch(folded) or any(folded in run for run in _RUNS):
        return True
    trimmed = _TRIMMINGS.sub("", folded)
    for core in (trimmed, trimmed.translate(_SUBSTITUTES)):
        letters = _NO_LETTERS.sub("", core)
        if letters and len(folded) - len(core) < _ENOUGH and _is_made_of(letters, _COMMON | {_NO_LETTERS.sub("", own)}):
            return True
    return False


def _is_made_of(letters: str, words: frozenset[str]) -> bool:
    """Whether it is one of the words or two of them."""
    return letters in words or any(letters[:cut] in words and letters[cut:] in words for cut in range(1, len(letters)))


def _folded(words: str) -> str:
    return unicodedata.normalize("NFKC", words).casefold()


class Passwords:
    """Hashes in two threads of its own: nobody else waits, and no more than two times 46 MiB are ever needed.

    A request that goes away while its password is looked at leaves the thread busy until that is done.
    """

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(AT_ONCE, "password")
        self._waiting, self._turns = 0, asyncio.Semaphore(AT_ONCE)
        # The hash of nobody's password: to look at it takes as long as at anybody's.
        salt, hash_ = (b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
        self._nobodys = f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p=1${salt}${hash_}"

    async def hashed(self, password: str) -> str:
        async with self._place():
            return await self._loop.run_in_executor(self._threads, hash_now, password)

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Takes the same time when there is nobody whose password it could be, and `hashed` is None."""
        if len(password) > LONGEST:
            return False
        return await self._loop.run_in_executor(self._threads, _matches, password, hashed or self._nobodys)

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """For whoever wants a password looked at, and what goes with that: no more at once than can be looked at.

        Whatever a crowd of them writes down before it comes to the writer in so small numbers that posts go between.
        """
        async with self._place(), self._turns:
            yield

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    @property
    def _loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        if self._waiting >= MOST_WAITING:
            raise Busy
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1


def hash_now(password: str) -> str:
    return _hasher.hash(_plain(password))


def is_outdated(hashed: str) -> bool:
    """Whether it was made with other parameters than are used today."""
    return _hasher.check_needs_rehash(hashed)


def _matches(password: str, hashed: str) -> bool:
    try:
        return _hasher.verify(hashed, _plain(password))
    except (VerificationError, InvalidHashError):
        return False


def _plain(password: str) -> bytes:
    """Composed, since keyboards differ in how they write an accent (https://www.rfc-editor.org/rfc/rfc8265#section-4)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
