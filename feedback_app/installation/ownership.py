"""Ownership: a command that root types acts as the user whose data folder it is, so that every file stays theirs."""

import errno
import os
import pwd
import shlex
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .. import PACKAGE
from ..config import PREFIX, ConfigurationError

# https://man7.org/linux/man-pages/man2/PR_SET_KEEPCAPS.2const.html, https://man7.org/linux/man-pages/man2/capset.2.html
PR_SET_KEEPCAPS = 8
CAPABILITY_VERSION = 0x20080522
CAP_DAC_READ_SEARCH = 1 << 2

_acts_for: Path | None = None


def act_as_owner(places: Iterable[Path], *, reads_as_root: bool) -> None:
    """Become, for good, the owner of the first of these places that is there and is not root's; only root can.

    Files that are made or replaced then belong to the user whom the service runs as. With `reads_as_root` the process
    may still read every file, such as a backup in root's home. Raises ConfigurationError.
    """
    if os.geteuid() != 0:
        return
    for place in places:
        if owner := owner_of(place):
            _become(owner, place if place.is_dir() else place.parent, reads_as_root=reads_as_root)
            return


def _become(owner: int, folder: Path, *, reads_as_root: bool) -> None:
    global _acts_for
    try:
        if reads_as_root:
            with suppress(OSError, AttributeError):  # Another system than Linux has no such calls.
                _libc().prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.initgroups(user_name(owner), _group_of(owner, folder)) if _is_named(owner) else os.setgroups([])
        os.setgid(_group_of(owner, folder))
        os.setuid(owner)
    except PermissionError:
        raise ConfigurationError(f"{folder} belongs to {user_name(owner)}. {_line_for(owner, folder)}") from None
    if reads_as_root:
        with suppress(OSError, AttributeError):
            _keep_reading()
    _acts_for = folder
    for program in (PACKAGE, Path(os.__file__).parent):
        try:
            os.scandir(program).close()
        except PermissionError:
            raise ConfigurationError(
                f"{folder} belongs to {user_name(owner)}, who may not read {program}, where this program runs from. "
                f"Use the program of {user_name(owner)}. {_line_for(owner, folder)}"
            ) from None


def _keep_reading() -> None:
    """Of all that root may, keep the right to read."""
    import ctypes

    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    # Effective, permitted and inheritable, twice 32 bits of each.
    kept = (ctypes.c_uint32 * 6)(CAP_DAC_READ_SEARCH, CAP_DAC_READ_SEARCH)
    _libc().capset(header, kept)


def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None)


def owner_of(path: Path) -> int | None:
    """The number of the user to whom it belongs; None where it is not there, or cannot be seen."""
    try:
        return path.stat().st_uid
    except OSError:
        return None


def user_name(number: int) -> str:
    return pwd.getpwuid(number).pw_name if _is_named(number) else f"the user {number}"


def _is_named(number: int) -> bool:
    try:
        pwd.getpwuid(number)
    except KeyError:  # As in a container, whose users have numbers only.
        return False
    return True


def _group_of(owner: int, folder: Path) -> int:
    return pwd.getpwuid(owner).pw_gid if _is_named(owner) else folder.stat().st_gid


def sentence_of(error: OSError) -> str:
    """What a file that could not be used means to an operator, in one line with its name."""
    said = error.strerror or str(error)
    if error.filename is None:
        return f"{said}."
    path = Path(os.fsdecode(error.filename))
    if error.errno not in (errno.EACCES, errno.EPERM):
        return f"{path} cannot be used: {said}."
    return f"{path} cannot be used by {user_name(os.geteuid())}: {said}. {hint(path)}".rstrip()


def hint(path: Path) -> str:
    """Which user may use this path, with the line to type, or which path to name; empty where nobody can tell."""
    if _acts_for is not None and _acts_for not in (path, *path.parents):
        me = user_name(os.geteuid())
        return f"The command runs as {me}, to whom {_acts_for} belongs: name a file that {me} may use."
    found = ((each, owner_of(each)) for each in (path, *path.parents))
    place, owner = next(((each, owner) for each, owner in found if owner is not None), (path, None))
    if owner is None or owner == os.geteuid():
        return ""
    return _line_for(owner, place) if owner else f"{place} belongs to root."


def _line_for(owner: int, place: Path) -> str:
    """The line to type."""
    user = f"runuser -u {user_name(owner)} --"
    if not _is_named(owner):
        user = f"setpriv --reuid {owner} --regid {_group_of(owner, place)} --clear-groups"
    data = Path(os.environ.get(f"{PREFIX}DATA") or "instance").absolute()
    return f"Type: {user} env {PREFIX}DATA={shlex.quote(str(data))} feedback-app …"


def is_open_to_others(path: Path) -> bool:
    """Whether every user of this machine may look into it."""
    try:
        return bool(path.stat().st_mode & 0o007)
    except OSError:
        return False
