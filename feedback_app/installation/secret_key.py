"""The secret of an installation: configured, or made once in the data folder, and another one when it is time."""

import fcntl
import logging
import os
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from ..clock import now
from ..config import PREFIX, ConfigurationError, Settings
from .data_folder import is_marked, none_here, prepare_folder
from .ownership import hint, owner_of, sentence_of

FILE = "secret_key"
# Beside it, a line for each secret that it held before: when it was replaced, and what it was.
FORMER = "former_secret_keys"
LOOK_SECONDS = 1
# What is signed and short-lived, such as the stamp of an open form, is over after a day.
WORTH_KEEPING = timedelta(days=1)
logger = logging.getLogger(__name__)


class Secrets:
    """The secret in use and then the former ones. A rotation in the data folder is noticed without a restart."""

    def __init__(self, settings: Settings, *, makes: bool = True) -> None:
        """`makes` one where there is none; else raises ConfigurationError."""
        self._configured, self._fallbacks = settings.secret_key, settings.fallbacks()
        self._folder = settings.data
        self._is_unread = False
        if not self._configured and not makes and not (settings.data / FILE).exists():
            raise ConfigurationError(
                f"There is no secret key in {settings.data.absolute()}. Name the data folder in {PREFIX}DATA, or the "
                f"key in {PREFIX}SECRET_KEY."
            )
        if not self._configured:
            _make(settings.data)
        self._looked, self._state = time.monotonic(), self._state_of_file()
        self._known = self._read()

    def __call__(self, at_once: bool = False) -> tuple[str, ...]:
        """Looks at the file once a second, or `at_once`."""
        if not self._configured and (at_once or time.monotonic() - self._looked >= LOOK_SECONDS):
            self._looked = time.monotonic()
            self._look()
        return self._known

    def _look(self) -> None:
        """A disk that fails for a while takes no secret away; that one cannot be read is logged once."""
        try:
            state = self._state_of_file()
            if state != self._state:
                self._known, self._state = self._read(), state
            self._is_unread = False
        except (OSError, ConfigurationError) as error:
            if not self._is_unread:
                said = sentence_of(error) if isinstance(error, OSError) else error
                logger.error("The secret key cannot be read, so the one before stays in use. %s", said)
            self._is_unread = True

    def _read(self) -> tuple[str, ...]:
        own = [self._configured] if self._configured else [_secret(self._folder), *_former(self._folder).values()]
        return tuple(dict.fromkeys([*own, *self._fallbacks]))

    def _state_of_file(self) -> tuple[int, int]:
        if self._configured:
            return 0, 0
        status = (self._folder / FILE).stat()
        return status.st_ino, status.st_mtime_ns


def rotate(settings: Settings, *, forget: bool) -> None:
    """Replace the secret of the data folder. What the one before signed stays good until the next time, or is void."""
    if settings.secret_key:
        raise ConfigurationError(
            f"The secret is the one in {PREFIX}SECRET_KEY. Put another one there, and this one into "
            f"{PREFIX}SECRET_KEY_FALLBACKS, and start the servers again."
        )
    file = settings.data / FILE
    if not file.exists() and not is_marked(settings):
        raise none_here(settings)
    if file.exists() and owner_of(file) != os.geteuid():
        raise ConfigurationError(f"The servers that use {file} could not read another one of yours. {hint(file)}")
    _make(settings.data)
    with _alone_in(settings.data):
        at = now()
        former = (
            {}
            if forget
            else {at: _secret(settings.data)}
            | {replaced: each for replaced, each in _former(settings.data).items() if at - replaced < WORTH_KEEPING}
        )
        # Whoever sees the new secret finds the former ones beside it already, or gone.
        lines = "".join(f"{replaced.isoformat()} {each}\n" for replaced, each in former.items())
        os.replace(_written(settings.data, FORMER, lines), settings.data / FORMER)
        os.replace(_written(settings.data, FILE, secrets.token_urlsafe(32)), settings.data / FILE)


def _make(folder: Path) -> None:
    """Make a secret where there is none; two processes agree on it."""
    prepare_folder(folder)
    path = folder / FILE
    if path.exists():
        return
    # A link appears at once and whole, and only the first of two processes gets to make it.
    draft = _written(folder, FILE, secrets.token_urlsafe(32))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _written(folder: Path, name: str, text: str) -> Path:
    """A file that nobody looks at yet, safely on the disk."""
    draft = folder / f"{name}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft


def _secret(folder: Path) -> str:
    path = folder / FILE
    secret = path.read_text().strip()
    if len(secret) < 16:
        raise ConfigurationError(
            f"{path} does not hold a secret key. Delete it to have a new one made; forms that are open now must "
            f"then be sent twice."
        )
    return secret


def _former(folder: Path) -> dict[datetime, str]:
    """By when they were replaced."""
    try:
        lines = (folder / FORMER).read_text().splitlines()
    except FileNotFoundError:
        return {}
    try:
        return {datetime.fromisoformat(at): secret for at, secret in (line.split() for line in lines)}
    except ValueError:
        raise ConfigurationError(f"{folder / FORMER} cannot be read. Delete it to forget the former secrets.") from None


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """No two rotations at once, of which one would forget the secret of the other."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
