"""Secret key of an installation: configured or generated in the data folder; key rotation."""

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
from .data_folder import is_marked, no_installation, prepare_folder
from .ownership import hint, owner_of, sentence_of

FILE = "secret_key"
# One line per former secret: the time of its replacement, and the secret.
FORMER = "former_secret_keys"
LOOK_SECONDS = 1
# Short-lived signatures, such as form tokens, expire within a day.
WORTH_KEEPING = timedelta(days=1)
logger = logging.getLogger(__name__)


class Secrets:
    """The current secret, followed by former ones. A rotation takes effect without a restart."""

    def __init__(self, settings: Settings, *, create: bool = True) -> None:
        """Raises ConfigurationError when there is no secret (without `create`) or its file is malformed."""
        self._configured, self._fallbacks = settings.secret_key, settings.fallbacks()
        self._folder = settings.data
        self._is_failing = False
        if not self._configured and not create and not (settings.data / FILE).exists():
            raise ConfigurationError(
                f"There is no secret key in {settings.data.absolute()}. Name the data folder in {PREFIX}DATA, or the "
                f"key in {PREFIX}SECRET_KEY."
            )
        if not self._configured:
            _generate(settings.data)
        self._checked_at, self._file_state = time.monotonic(), self._state_of_file()
        self._secrets = self._read()

    def __call__(self, immediately: bool = False) -> tuple[str, ...]:
        """The secrets, current one first. The file is checked once a second, or `immediately`."""
        if not self._configured and (immediately or time.monotonic() - self._checked_at >= LOOK_SECONDS):
            self._checked_at = time.monotonic()
            self._reload()
        return self._secrets

    def _reload(self) -> None:
        """Reload changed files. On failure the secrets stay in use, and the error is logged once."""
        try:
            state = self._state_of_file()
            if state != self._file_state:
                self._secrets, self._file_state = self._read(), state
            self._is_failing = False
        except (OSError, ConfigurationError) as error:
            if not self._is_failing:
                reason = sentence_of(error) if isinstance(error, OSError) else error
                logger.error("The secret key cannot be read, so the previous one stays in use. %s", reason)
            self._is_failing = True

    def _read(self) -> tuple[str, ...]:
        own = [self._configured] if self._configured else [_secret(self._folder), *_former(self._folder).values()]
        return tuple(dict.fromkeys([*own, *self._fallbacks]))

    def _state_of_file(self) -> tuple[int, int]:
        if self._configured:
            return 0, 0
        status = (self._folder / FILE).stat()
        return status.st_ino, status.st_mtime_ns


def rotate(settings: Settings, *, forget: bool) -> None:
    """Replace the secret in the data folder. With `forget`, all existing signatures become invalid.

    Otherwise the replaced secret is stored, and dropped by a rotation at least a day later. Raises ConfigurationError
    when the secret is configured, there is no installation, the file belongs to another user or is malformed.
    """
    if settings.secret_key:
        raise ConfigurationError(
            f"The secret is the one in {PREFIX}SECRET_KEY. Put another one there, and this one into "
            f"{PREFIX}SECRET_KEY_FALLBACKS, and start the servers again."
        )
    file = settings.data / FILE
    if not file.exists() and not is_marked(settings):
        raise no_installation(settings)
    if file.exists() and owner_of(file) != os.geteuid():
        raise ConfigurationError(f"The servers that use {file} could not read another one of yours. {hint(file)}")
    _generate(settings.data)
    with _locked(settings.data):
        at = now()
        former = (
            {}
            if forget
            else {at: _secret(settings.data)}
            | {replaced: each for replaced, each in _former(settings.data).items() if at - replaced < WORTH_KEEPING}
        )
        # Former secrets first: a process that reads the new secret needs them.
        lines = "".join(f"{replaced.isoformat()} {each}\n" for replaced, each in former.items())
        os.replace(_written(settings.data, FORMER, lines), settings.data / FORMER)
        os.replace(_written(settings.data, FILE, secrets.token_urlsafe(32)), settings.data / FILE)


def _generate(folder: Path) -> None:
    """Generate a secret if there is none. Concurrent processes get the same one."""
    prepare_folder(folder)
    path = folder / FILE
    if path.exists():
        return
    # os.link is atomic, and only the first process succeeds.
    draft = _written(folder, FILE, secrets.token_urlsafe(32))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _written(folder: Path, name: str, text: str) -> Path:
    """A new temporary file with this text, fsynced."""
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
    """The former secrets by the time of their replacement."""
    try:
        lines = (folder / FORMER).read_text().splitlines()
    except FileNotFoundError:
        return {}
    try:
        return {datetime.fromisoformat(at): secret for at, secret in (line.split() for line in lines)}
    except ValueError:
        raise ConfigurationError(f"{folder / FORMER} cannot be read. Delete it to forget the former secrets.") from None


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Exclude concurrent rotations, which would lose each other's secret."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
