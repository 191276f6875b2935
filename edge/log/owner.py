"""Acting on another user's log as that user, so that root can harm no file but theirs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def acting_as_owner(path: Path) -> Iterator[None]:
    """Root has the rights of the owner of `path`'s folder meanwhile; others their own.

    Who owns a folder may put a link into it at any moment, also in the place of the files that
    SQLite opens beside the log: with the owner's rights, following it reaches nothing of root's.
    And what is made there belongs to the owner, whose run has to write it too.
    """
    try:
        folder = path.parent.stat()
    except OSError:
        yield
        return
    if os.geteuid() != 0 or folder.st_uid == 0:
        yield
        return
    group, groups = os.getegid(), os.getgroups()
    os.setgroups([])
    os.setegid(folder.st_gid)
    os.seteuid(folder.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)
