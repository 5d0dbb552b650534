"""Files and folders of the instance folder: for their owner only, whatever the umask.

The umask itself is left alone. It is the whole process's, which may be a program that embeds the
book, and it is right for the files that a person asks a command to write.
"""

import logging
import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

_logger = logging.getLogger(__name__)

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def owner_only(path: str, flags: int) -> int:
    """Open a file that only its owner may use once it is created: an `opener` of `open`."""
    return os.open(path, flags, 0o600)


def open_private(path: Path, mode: str, **options: Any) -> IO[Any]:
    """Open a file of the instance folder, created for its owner only."""

    def opener(name: str, flags: int) -> int:
        is_new = not os.path.lexists(name)
        file = owner_only(name, flags)
        if is_new:
            _give_to_owner_of_folder(path)
        return file

    return open(path, mode, opener=opener, **options)


def make_private_folder(folder: Path, *, may_exist: bool = True) -> None:
    """Make a folder of the instance folder for its owner only; its parent must be there."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not may_exist:
            raise
    else:
        _give_to_owner_of_folder(folder)


def _give_to_owner_of_folder(path: Path) -> None:
    """Give what root has made to the book's user, whom it would lock out."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        with suppress(OSError):  # a file system without owners
            os.chown(path, owner.st_uid, owner.st_gid, follow_symlinks=False)


def others_may_use(folder: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """Yield the folder and what is under it by the given names, if group or others have a right.

    `names` are patterns. Links below the folder are not followed, except to a file.
    """
    for path in (folder, *_named(folder, names)):
        with suppress(OSError):  # it has gone meanwhile
            if stat.S_IMODE(path.stat().st_mode) & _OTHERS:
                yield path


def _named(folder: Path, names: tuple[str, ...]) -> Iterator[Path]:
    """Yield what matches a pattern, and all below it."""
    for path in (path for name in names for path in folder.glob(name)):
        if path.is_file():
            yield path
        elif path.is_dir() and not path.is_symlink():
            yield path
            for parent, folders, files in os.walk(path):
                inside = (Path(parent, name) for name in (*folders, *files))
                yield from (each for each in inside if not each.is_symlink())


def tighten(folder: Path, names: tuple[str, ...]) -> None:
    """Take the rights of group and others away; log one warning for what cannot be changed.

    A folder that everybody shares, such as /tmp, is left as it is.
    """
    is_shared = bool(folder.stat().st_mode & stat.S_ISVTX)
    left = [
        path
        for path in others_may_use(folder, names)
        if not (path == folder and is_shared) and not _tightened(path)
    ]
    if left:
        _logger.warning(
            "Other users of this machine may use %s and %s more of the book's files, and this user "
            "may not change that. Let their owner run: chmod -R go= %s",
            left[0],
            len(left) - 1,
            folder,
        )


def _tightened(path: Path) -> bool:
    """Whether a file's rights could be taken from group and others."""
    try:
        path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
        return not stat.S_IMODE(path.stat().st_mode) & _OTHERS
    except FileNotFoundError:
        return True
    except OSError:
        return False
