"""What lookers cost the frame loop: a camera at 30 fps, with nobody and with ten who look.

python tests/rigs/viewers.py [--seconds 20] [--viewers 10]

Both sides run by turns, three times each. Printed: frames, dropped frames and processor time of
the run's process; "preview" has one who watches the live picture at 2 fps.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
PORT = 18799
_ASKED = ("/", "/now", "/?span=month", "/status.json")
_TICKS = os.sysconf("SC_CLK_TCK")


def look(stop: threading.Event, path: str) -> None:
    """Every 2 s, as an open page does; a stream is read until the end."""
    while not stop.is_set():
        try:
            connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
            connection.request("GET", path)
            answer = connection.getresponse()
            while answer.read(1 << 12) and not stop.is_set():
                continue
            connection.close()
        except OSError:
            pass
        stop.wait(2.0)


def measure(seconds: float, paths: list[str]) -> tuple[int, int, float]:
    """Frames, dropped frames, share of a core."""
    with tempfile.TemporaryDirectory() as name:
        settings = Path(name) / "edge.toml"
        settings.write_text(f"[status]\nenabled = true\nport = {PORT}\npreview = true\n")
        command = [
            sys.executable, "-m", "edge", "run", "--config", str(settings), "--output", "none",
            "--camera", f"{os.environ['CAMERA']}", "--log", f"{name}/log.sqlite",
        ]  # fmt: skip
        run = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True)
        stop = threading.Event()
        lookers = [threading.Thread(target=look, args=(stop, path)) for path in paths]
        try:
            until_it_runs(run.pid)
            for one in lookers:
                one.start()
            time.sleep(2)
            began = figures(run.pid)
            time.sleep(seconds)
            ended = figures(run.pid)
        finally:
            stop.set()
            run.send_signal(signal.SIGTERM)
            run.communicate(timeout=30)
        for one in lookers:
            one.join()
    frames, dropped, cpu_s = (after - before for before, after in zip(began, ended, strict=True))
    return int(frames), int(dropped), cpu_s / seconds


def until_it_runs(pid: int) -> None:
    for _ in range(300):
        try:
            if figures(pid)[0] > 10:
                return
        except OSError:  # its page is not there yet
            pass
        time.sleep(0.1)
    raise SystemExit("the run did not begin")


def figures(pid: int) -> tuple[float, float, float]:
    connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=10)
    connection.request("GET", "/status.json")
    found = json.loads(connection.getresponse().read())
    spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return found["frames"], found["dropped"], (int(spent[11]) + int(spent[12])) / _TICKS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--viewers", type=int, default=10)
    arguments = parser.parse_args()
    sys.path[:0] = [str(ROOT / "tests"), str(ROOT)]
    from rigs.servers import mjpeg_server

    sides = {
        "nobody": [],
        "viewers": [_ASKED[n % len(_ASKED)] for n in range(arguments.viewers)],
        "preview": ["/preview.mjpg"],
    }
    with mjpeg_server() as camera:
        os.environ["CAMERA"] = camera.url("/face")
        for _ in range(3):
            for name, paths in sides.items():
                frames, dropped, core = measure(arguments.seconds, paths)
                print(
                    f"{name:<8} {frames} frames, {dropped} dropped, {core:.1%} of a core",
                    flush=True,
                )


if __name__ == "__main__":
    main()
