"""File ownership and privileges: a command run by root switches to the user who owns the data folder."""

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
    """If root, switch permanently to the owner of the first place that exists and does not belong to root.

    New files then belong to the service's user. With `reads_as_root` the process can still read every file, such as a
    backup in root's home. Raises ConfigurationError when the switch fails or that user cannot read the program.
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
            with suppress(OSError, AttributeError):  # Linux only.
                _libc().prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.initgroups(user_name(owner), _group_of(owner, folder)) if _is_named(owner) else os.setgroups([])
        os.setgid(_group_of(owner, folder))
        os.setuid(owner)
    except PermissionError:
        raise ConfigurationError(f"{folder} belongs to {user_name(owner)}. {_line_for(owner, folder)}") from None
    if reads_as_root:
        with suppress(OSError, AttributeError):
            _limit_to_reading()
    _acts_for = folder
    for program in (PACKAGE, Path(os.__file__).parent):
        try:
            os.scandir(program).close()
        except PermissionError:
            raise ConfigurationError(
                f"{folder} belongs to {user_name(owner)}, who may not read {program}, where this program runs from. "
                f"Use the program of {user_name(owner)}. {_line_for(owner, folder)}"
            ) from None


def _limit_to_reading() -> None:
    """Drop all capabilities except CAP_DAC_READ_SEARCH."""
    import ctypes

    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    # Effective, permitted, inheritable: lower 32 bits, then upper 32 bits.
    capabilities = (ctypes.c_uint32 * 6)(CAP_DAC_READ_SEARCH, CAP_DAC_READ_SEARCH)
    _libc().capset(header, capabilities)


def _libc() -> Any:
    import ctypes

    return ctypes.CDLL(None)


def owner_of(path: Path) -> int | None:
    """The user id of the owner; None if the path does not exist or cannot be accessed."""
    try:
        return path.stat().st_uid
    except OSError:
        return None


def user_name(number: int) -> str:
    """The name of the user with this id, or a phrase with the number."""
    return pwd.getpwuid(number).pw_name if _is_named(number) else f"the user {number}"


def _is_named(number: int) -> bool:
    try:
        pwd.getpwuid(number)
    except KeyError:  # In a container, user ids may have no names.
        return False
    return True


def _group_of(owner: int, folder: Path) -> int:
    return pwd.getpwuid(owner).pw_gid if _is_named(owner) else folder.stat().st_gid


def sentence_of(error: OSError) -> str:
    """A message for the operator about a file error, in one line with the file's name."""
    reason = error.strerror or str(error)
    if error.filename is None:
        return f"{reason}."
    path = Path(os.fsdecode(error.filename))
    if error.errno not in (errno.EACCES, errno.EPERM):
        return f"{path} cannot be used: {reason}."
    return f"{path} cannot be used by {user_name(os.geteuid())}: {reason}. {hint(path)}".rstrip()


def hint(path: Path) -> str:
    """Which user can access this path, with the command to run, or which path to use; empty if unknown."""
    if _acts_for is not None and _acts_for not in (path, *path.parents):
        user = user_name(os.geteuid())
        return f"The command runs as {user}, to whom {_acts_for} belongs: name a file that {user} may use."
    found = ((each, owner_of(each)) for each in (path, *path.parents))
    place, owner = next(((each, owner) for each, owner in found if owner is not None), (path, None))
    if owner is None or owner == os.geteuid():
        return ""
    return _line_for(owner, place) if owner else f"{place} belongs to root."


def _line_for(owner: int, place: Path) -> str:
    """The command to run as the owner."""
    user = f"runuser -u {user_name(owner)} --"
    if not _is_named(owner):
        user = f"setpriv --reuid {owner} --regid {_group_of(owner, place)} --clear-groups"
    data = Path(os.environ.get(f"{PREFIX}DATA") or "instance").absolute()
    return f"Type: {user} env {PREFIX}DATA={shlex.quote(str(data))} feedback-app …"


def is_open_to_others(path: Path) -> bool:
    """Whether every user of this machine can access it."""
    try:
        return bool(path.stat().st_mode & 0o007)
    except OSError:
        return False
