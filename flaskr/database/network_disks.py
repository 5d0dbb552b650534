"""Whether a folder is on a network disk, where the embedded book may be damaged."""

import logging
from pathlib import Path

_logger = logging.getLogger(__name__)

_MOUNTS = Path("/proc/self/mounts")
_NETWORK_FILESYSTEMS = {"9p", "afs", "ceph", "cifs", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs"}


def warn_of_network_disk(folder: Path) -> None:
    """Log a warning when the embedded book is on a network disk."""
    if filesystem := network_filesystem(folder):
        _logger.warning(
            "The embedded book is on a network disk (%s): %s. Several writers may damage it there. "
            "Move INSTANCE_FOLDER to a local disk, or use PostgreSQL.",
            filesystem,
            folder,
        )


def network_filesystem(folder: Path) -> str:
    """Return the type of the network disk that a folder is on; empty on a local disk."""
    filesystem = _filesystem_of(folder.resolve())
    return filesystem if filesystem in _NETWORK_FILESYSTEMS else ""


def _filesystem_of(folder: Path) -> str:
    """Return the type of the filesystem of a folder, such as "ext4"; empty when unknown."""
    try:
        lines = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    found = Path(), ""
    for _, mount_point, filesystem, *_ in map(str.split, lines):
        path = Path(mount_point.replace("\\040", " "))
        # a later line hides an earlier one
        if folder.is_relative_to(path) and len(path.parts) >= len(found[0].parts):
            found = path, filesystem
    return found[1]
