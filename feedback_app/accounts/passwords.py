"""Passwords: which ones are taken, and how they are hashed: slowly on purpose, and so never many at once."""

import asyncio
import re
import secrets
import unicodedata
from base64 import b64encode
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 12, 128
# Whoever comes when this many wait for their turn is asked to come again; so many of them may come from one network.
MOST_WAITING = 100
MOST_WAITING_OF_A_NETWORK = 25
# The memory of OWASP's first choice, with one more round (cheatsheetseries.owasp.org, "Password Storage").
_hasher = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)

# So many guesses a password withstands (zxcvbn's best mark). Guessing goes on when a copy of the database was stolen.
ENOUGH_GUESSES = 10**10
# A strong beginning makes a strong password, and looking at all of a long one takes a tenth of a second.
LOOKED_AT = 40
# What people outside of English, and those of this program, try first; the library knows the rest.
FIRST_TRIED = (
    *("feedback", "wall", "feedbackwall", "moderator", "owner", "wallapp"),
    *("passwort", "kennwort", "hallo", "willkommen", "schatz", "ichliebedich", "geheim", "sommer", "winter"),
    *("motdepasse", "bonjour", "soleil", "jetaime", "chocolat", "bienvenue"),
    *("contraseña", "hola", "teamo", "tequiero", "amor", "bienvenido"),
    *("senha", "wachtwoord", "parola", "hasło", "heslo"),
    *("пароль", "привет", "люблю", "йцукенгшщзхъ", "йцукен", "фывапролджэ", "ячсмитьбю", "qwertzuiopü", "azertyuiop"),
    *("spring", "summer", "autumn", "january", "february", "october", "november", "december"),
    *("frühling", "herbst", "januar", "februar", "märz", "juni", "juli", "oktober", "dezember"),
    *("printemps", "automne", "hiver", "janvier", "février", "juillet", "octobre", "décembre"),
    *("primavera", "verano", "otoño", "invierno", "enero", "febrero", "julio", "octubre", "diciembre"),
)


class TooManyHashes(Exception):
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
    if _guesses(password, name) < ENOUGH_GUESSES:
        return "This password is too easy to guess. Choose another one, such as a few unrelated words."
    return None


def _guesses(password: str, name: str) -> float:
    """How many guesses it takes somebody who knows the name and what people choose."""
    from zxcvbn import zxcvbn  # Its lists take 14 MiB, which nobody needs who chooses no password.

    folded = unicodedata.normalize("NFKC", password)[:LOOKED_AT]
    own = unicodedata.normalize("NFKC", name).casefold()
    theirs = {own, *re.split(r"[\W_]+", own), re.sub(r"[\W_]+", "", own)} - {""}
    left = folded.casefold()
    for part in sorted(theirs, key=len, reverse=True):
        left = left.replace(part, "")
    if not any(each.isalpha() for each in left) and left != folded:  # The name, a year and signs.
        return 0
    return float(zxcvbn(folded, [*theirs, *FIRST_TRIED])["guesses"])


class Passwords:
    """Hashes in two threads of its own: nobody else waits, and no more than two times 46 MiB are ever needed.

    One is for devices, sessions and invitations that are known, so that no crowd of strangers is in front of them.
    """

    def __init__(self) -> None:
        self.known, self.strangers = Queue("known"), Queue("strangers")

    async def close(self) -> None:
        for queue in (self.known, self.strangers):
            queue.close()


class Queue:
    """A thread that hashes, and those who wait for it.

    A request that goes away while its password is looked at leaves the thread busy until that is done.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, f"password-{name}")
        self._waiting, self._turns = Counter[str](), asyncio.Semaphore(1)
        # The hash of nobody's password: to look at it takes as long as at anybody's.
        salt, hash_ = (b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
        self._nobodys = f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p=1${salt}${hash_}"

    async def hashed(self, password: str) -> str:
        async with self._place(""):
            return await asyncio.get_running_loop().run_in_executor(self._thread, hash_now, password)

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Takes the same time when there is nobody whose password it could be, and `hashed` is None."""
        if len(password) > LONGEST:
            return False
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _matches, password, hashed or self._nobodys)

    @asynccontextmanager
    async def turn(self, network: str = "") -> AsyncIterator[None]:
        """For whoever wants a password looked at, and what goes with that: no more at once than can be looked at.

        Whatever a crowd of them writes down before it comes to the writer in so small numbers that posts go between.
        Raises Busy, for those of a `network` also when others have places still.
        """
        async with self._place(network), self._turns:
            yield

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def _place(self, network: str) -> AsyncIterator[None]:
        most = MOST_WAITING_OF_A_NETWORK if network else MOST_WAITING
        if self._waiting.total() >= MOST_WAITING or self._waiting[network] >= most:
            raise TooManyHashes
        self._waiting[network] += 1
        try:
            yield
        finally:
            self._waiting[network] -= 1
            if not self._waiting[network]:
                del self._waiting[network]


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
