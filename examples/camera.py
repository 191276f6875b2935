"""A function called for each event: python examples/camera.py [CAMERA] [SECONDS]"""

import sys

import edge


def react(event: edge.EmotionEvent) -> None:
    """What your program does when somebody's emotion is known; here it is printed."""
    print(f"{event.time:%H:%M:%S} person {event.track_id}: {event.label} ({event.confidence:.0%})")


camera = sys.argv[1] if len(sys.argv) > 1 else "auto"
seconds = float(sys.argv[2]) if len(sys.argv) > 2 else None
summary = edge.listen(react, camera=camera, duration_s=seconds)
print(f"{summary.frames} frames, {summary.events} events")
