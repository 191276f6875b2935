"""A child process that writes events 1, 2, 3 … to a log until it is killed, and who kills it."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from samples import event

from edge.log.configure import log_sinks
from edge.log.event_sink import SqliteSink
from edge.settings.sections import Settings


def write_as_set(settings: Settings, first: int, out: Connection) -> None:
    """Write without end to the log that is set; send N whenever event N is written."""
    sinks = [*log_sinks(settings)]
    number = first
    while True:
        for sink in sinks:
            sink.write(event(number))
        out.send((number, 0))
        number += 1
        time.sleep(0.0003)


def write(path: Path, first: int, last: int, memory: Path | None, out: Connection) -> None:
    """Send (N, committed) whenever event N is written, `committed` of this process's in the log.

    On Ctrl-C close the log and send the number of the last event that it began to write.
    """
    gc.callbacks.clear()  # hypothesis's, inherited by the fork: Python drops a Ctrl-C in one
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


def start(target: Callable[..., None], *args: object) -> tuple[BaseProcess, Connection]:
    """A child that is forked: it has its imports done, and is killed 200 times in seconds."""
    processes = multiprocessing.get_context("fork")
    said, out = processes.Pipe(duplex=False)
    child = processes.Process(target=target, args=(*args, out))
    child.start()
    out.close()
    return child, said


def stop_at_random(
    child: BaseProcess, said: Connection, how: signal.Signals, chance: random.Random
) -> tuple[int, int]:
    """Send the signal some events and some microseconds in; the last numbers that it sent."""
    last = (0, 0)
    try:
        for _ in range(chance.randint(0, 30)):
            last = said.recv()
        time.sleep(chance.uniform(0, 0.01))
        assert child.pid is not None
        os.kill(child.pid, how)
        while said.poll(30):
            last = said.recv()
        child.kill()
        raise AssertionError(f"it did not end in 30 s after {how.name}")
    except EOFError:
        pass
    said.close()
    child.join(30)
    assert child.exitcode in (-how, 0)
    return last
