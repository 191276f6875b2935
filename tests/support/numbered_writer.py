"""Writes events 1, 2, 3 … to a log until it is killed; a child process of test_sqlite_kill."""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from pathlib import Path

from samples import event

from edge.log.event_sink import SqliteSink


def write(path: Path, first: int, last: int, memory: Path | None, out: Connection) -> None:
    """Send (N, committed) whenever event N is written, `committed` of this process's in the log.

    On Ctrl-C close the log and send the number of the last event that it began to write.
    """
    sink = SqliteSink(path, commit_interval_s=0.002, memory=memory)
    number = first - 1
    try:
        while number < last:
            number += 1
            sink.write(event(number))
            out.send((number, sink.written))
            time.sleep(0.0003)
    except KeyboardInterrupt:
        pass
    sink.close()
    out.send((number, sink.written))
