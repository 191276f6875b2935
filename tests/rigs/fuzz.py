"""Damaged clips, streams, sounds, models, cards, settings, logs and messages, read as by a user.

    python tests/rigs/fuzz.py                               every target, 20 s each
    python tests/rigs/fuzz.py clips logs --seconds 3600     a night of these
    python tests/rigs/fuzz.py clips --only 812              one attempt again, with its traceback

An attempt is made of its target and its number alone. It may succeed or end with an EdgeError.
Faults are another exception, the death of the process, more than a minute, and more than 500 MB of
memory taken; each is printed with its number. `--only` leaves its bytes in runs/fuzz. Exits with 1
where there was one.
"""

from __future__ import annotations

import argparse
import math
import queue
import random
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

# Run as a script, it has to find its neighbours as the tests do.
TESTS = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "support"), str(TESTS.parent)]

LIMIT_S = 60.0
START_S = 120.0
LIMIT_MB = 500
KEPT = Path("runs/fuzz")
_EDGES = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


@dataclass
class Tally:
    """What became of a target's attempts; `faults`: a sentence by the attempt's number."""

    done: int = 0
    refused: int = 0
    faults: dict[int, str] = field(default_factory=dict)


def mutated(data: bytes, chance: random.Random) -> bytes:
    """With one to eight damages: bits, edge values, blocks moved or lost, an early end."""
    found = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        if not found:
            break
        at = chance.randrange(len(found))
        size = min(chance.choice((1, 4, 16, 256)), len(found) - at)
        match chance.randrange(7):
            case 0 | 1:
                found[at] ^= 1 << chance.randrange(8)
            case 2:
                width = chance.choice((1, 2, 4))
                edge = (chance.choice(_EDGES) & (256**width - 1)).to_bytes(
                    width, chance.choice(("little", "big"))
                )
                found[at : at + width] = edge
            case 3:
                del found[at : at + size]
            case 4:
                found[at:at] = found[at : at + size] * chance.choice((1, 2, 50))
            case 5:
                found[at : at + size] = chance.randbytes(size)
            case _:
                if chance.random() < 0.3:
                    del found[at:]
                else:  # most formats keep what decides at their beginning
                    found[at % min(64, len(found))] = chance.randrange(256)
    return bytes(found)


def made(examples: dict[str, bytes], target: str, number: int) -> tuple[str, bytes]:
    """(name, data) of an attempt."""
    chance = random.Random(f"{target} {number}")
    name = chance.choice(sorted(examples))
    return name, mutated(examples[name], chance)


def work(target: str, first: int, count: int, *, tell: bool = False) -> None:
    """Attempts one after the other; a line before each and one after it, on standard output."""
    from rigs.fuzz_targets import TARGETS

    from edge.errors import EdgeError

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "examples").mkdir()
        (folder / "attempts").mkdir()
        examples = TARGETS[target].examples(folder / "examples")
        with TARGETS[target].opened(folder / "attempts") as attempt:
            before_mb = _peak_mb()
            for number in range(first, first + count):
                file, data = made(examples, target, number)
                if tell:
                    KEPT.mkdir(parents=True, exist_ok=True)
                    (KEPT / f"{target}-{number}-{file}").write_bytes(data)
                print("try", number, flush=True)
                end = "done"
                try:
                    attempt(data, file)
                except EdgeError as error:
                    end = "refused"
                    if tell:
                        print(error)
                except Exception as error:
                    end = f"fault {type(error).__name__}: {' '.join(str(error).split())[:200]}"
                    if tell:
                        traceback.print_exc()
                if (taken := _peak_mb() - before_mb) > LIMIT_MB:
                    end = f"fault {taken:.0f} MB of memory"
                before_mb = _peak_mb()
                print(end, flush=True)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


class Worker:
    """The process in which the attempts are made, one line of its output at a time."""

    def __init__(self, target: str, first: int, count: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, __file__, target, "--work", str(first), str(count)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._said: deque[str] = deque(maxlen=5)
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        # Both are emptied all the while: a full pipe would stop the process.
        for stream, take in (
            (self.process.stdout, self._lines.put),
            (self.process.stderr, self._said.append),
        ):
            threading.Thread(target=self._read, args=(stream, take), daemon=True).start()

    def _read(self, stream: IO[str], take: Callable[[str], None]) -> None:
        for line in stream:
            take(line.rstrip())
        if stream is self.process.stdout:
            self._lines.put("")

    def line(self, limit_s: float) -> str | None:
        """The next line, "" at the end, None where none came in time."""
        try:
            return self._lines.get(timeout=limit_s)
        except queue.Empty:
            return None

    def end(self) -> str:
        """How it ended, in words; it is killed if it runs yet."""
        self.process.kill()
        code = self.process.wait()
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        return " | ".join([how, *self._said])


def fuzz(target: str, *, first: int = 0, attempts: int = 1_000_000, seconds: float = 1e6) -> Tally:
    """So many attempts, or for so long from the first one on; a process that dies or hangs is
    followed by another one.
    """
    tally, number = Tally(), first
    stop_s = math.inf
    while tally.done < attempts and time.monotonic() < stop_s:
        worker = Worker(target, number, attempts - tally.done)
        trying = False
        while time.monotonic() < stop_s:
            line = worker.line(LIMIT_S if trying else START_S)
            if not line:
                break
            word, _, more = line.partition(" ")
            trying = word == "try"
            if trying:
                number = int(more)
                stop_s = min(stop_s, time.monotonic() + seconds)
                continue
            tally.done += 1
            tally.refused += word == "refused"
            if word == "fault":
                tally.faults[number] = more
            number += 1
        how = worker.end()
        if time.monotonic() >= stop_s or tally.done >= attempts:
            break
        if not trying:
            raise RuntimeError(f"{target}: no attempt could be made: {how}")
        tally.faults[number] = how if line is not None else "more than a minute"
        tally.done, number = tally.done + 1, number + 1
    return tally


def main() -> int:
    from rigs.fuzz_targets import TARGETS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("targets", nargs="*", default=list(TARGETS), metavar="TARGET")
    parser.add_argument("--seconds", type=float, default=20, help="a target")
    parser.add_argument("--first", type=int, default=0, help="the first attempt's number")
    parser.add_argument("--only", type=int, help="this attempt alone, here")
    parser.add_argument("--work", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if unknown := set(given.targets) - set(TARGETS):
        parser.error(f"no target {', '.join(sorted(unknown))}: there are {', '.join(TARGETS)}")
    if given.work:
        work(given.targets[0], *given.work)
        return 0
    if given.only is not None:
        work(given.targets[0], given.only, 1, tell=True)
        return 0
    faults = 0
    for target in given.targets:
        tally = fuzz(target, first=given.first, seconds=given.seconds)
        print(f"{target}: {tally.done} tried, {tally.refused} refused, {len(tally.faults)} faults")
        for number, fault in tally.faults.items():
            print(f"  {number}: {fault}")
        faults += len(tally.faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
