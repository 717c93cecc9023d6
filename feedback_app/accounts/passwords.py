"""Passwords: strength check (zxcvbn), and hashing with Argon2id in two threads with bounded queues."""

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
# Above this many waiting requests, further ones are refused; the second limit is for those of one network.
MOST_WAITING = 100
MOST_WAITING_OF_A_NETWORK = 25
# OWASP's first choice, with one more iteration (cheatsheetseries.owasp.org, "Password Storage").
_hasher = PasswordHasher(time_cost=2, memory_cost=46 * 1024, parallelism=1)

# The guesses that a password must withstand (zxcvbn's best score), also offline, after a leak of the database.
ENOUGH_GUESSES = 10**10
# Only the beginning is checked: a strong one makes a strong password, and a long one would take 0.1 s.
CHECKED_CHARACTERS = 40
# Common passwords in other languages, and of this program; zxcvbn knows the English ones.
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
    """Too many requests wait for password hashing; try again in `seconds`."""

    seconds = 5

    def __init__(self) -> None:
        super().__init__(f"Many people are logging in at this moment. Try again in {self.seconds} seconds.")


def fault_of(password: str, name: str) -> str | None:
    """What is wrong with a new password of the moderator with this name, as a message; None when it is good."""
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
    """zxcvbn's estimate of the guesses needed by an attacker who knows the name."""
    from zxcvbn import zxcvbn  # Imported late, since its word lists take 14 MiB.

    folded = unicodedata.normalize("NFKC", password)[:CHECKED_CHARACTERS]
    own = unicodedata.normalize("NFKC", name).casefold()
    parts = {own, *re.split(r"[\W_]+", own), re.sub(r"[\W_]+", "", own)} - {""}
    rest = folded.casefold()
    for part in sorted(parts, key=len, reverse=True):
        rest = rest.replace(part, "")
    if not any(each.isalpha() for each in rest) and rest != folded:  # The name with digits or punctuation.
        return 0
    return float(zxcvbn(folded, [*parts, *FIRST_TRIED])["guesses"])


class Passwords:
    """Two hashing threads, so that hashing blocks nothing else and needs at most two times 46 MiB.

    `known` is for known devices, sessions and invitations, so that a flood of other logins does not delay them.
    """

    def __init__(self) -> None:
        self.known, self.strangers = Queue("known"), Queue("strangers")

    async def close(self) -> None:
        """Stop both threads; waiting requests are cancelled."""
        for queue in (self.known, self.strangers):
            queue.close()


class Queue:
    """A hashing thread with a bounded queue.

    A request that is cancelled leaves the thread busy until its hash is done.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(1, f"password-{name}")
        self._waiting, self._slots = Counter[str](), asyncio.Semaphore(1)
        # A hash of no password: checking it takes as long as checking a real one (constant time).
        salt, hash_ = (b64encode(secrets.token_bytes(size)).rstrip(b"=").decode() for size in (16, 32))
        self._nobodys = f"$argon2id$v=19$m={_hasher.memory_cost},t={_hasher.time_cost},p=1${salt}${hash_}"

    async def hashed(self, password: str) -> str:
        """The hash of a new password. Raises TooManyHashes."""
        async with self._queued(""):
            return await asyncio.get_running_loop().run_in_executor(self._thread, hash_now, password)

    async def matches(self, password: str, hashed: str | None) -> bool:
        """Whether the password has this hash. Takes the same time when there is no such user, and `hashed` is None."""
        if len(password) > LONGEST:
            return False
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, _matches, password, hashed or self._nobodys)

    @asynccontextmanager
    async def slot(self, network: str = "") -> AsyncIterator[None]:
        """The right to check a password and to record the attempt, one request at a time (backpressure).

        A flood of logins so reaches the database writer one by one, and posts are stored in between. Raises
        TooManyHashes when the queue is full, or when `network` has its share of it.
        """
        async with self._queued(network), self._slots:
            yield

    def close(self) -> None:
        """Stop the thread; waiting requests are cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    @asynccontextmanager
    async def _queued(self, network: str) -> AsyncIterator[None]:
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
    """The Argon2id hash of a password, computed in this thread."""
    return _hasher.hash(_plain(password))


def is_outdated(hashed: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(hashed)


def _matches(password: str, hashed: str) -> bool:
    try:
        return _hasher.verify(hashed, _plain(password))
    except (VerificationError, InvalidHashError):
        return False


def _plain(password: str) -> bytes:
    """In Unicode form NFC, since keyboards differ for accents (https://www.rfc-editor.org/rfc/rfc8265#section-4)."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
