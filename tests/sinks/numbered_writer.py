"""Writes events 1, 2, 3 … to a log until it is killed; a child process of test_sqlite_kill.

    numbered_writer.py LOG FIRST LAST

Prints `committed N` when event N is in the log. On Ctrl-C it closes the log and prints
`began N`, the last number that it began to write.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from sinks.samples import event

from edge.sinks.sqlite import SqliteSink


def main(path: str, first: int, last: int) -> None:
    sink = SqliteSink(Path(path), commit_interval_s=0.002)
    number, told = first - 1, 0
    try:
        while number < last:
            number += 1
            sink.write(event(number))
            if sink.written > told:
                told = sink.written
                print("committed", first - 1 + told, flush=True)
            time.sleep(0.0003)
    except KeyboardInterrupt:
        pass
    sink.close()
    print("began", number, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
