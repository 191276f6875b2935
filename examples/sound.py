"""What a voice says, window by window: python examples/sound.py hello.wav"""

import sys

import edge

for window in edge.classify_sound(sys.argv[1]):
    said = window.prediction
    what = f"{said.label} ({said.confidence:.0%})" if said is not None else "nobody speaks"
    print(f"{window.start_s:5.1f} to {window.end_s:5.1f} s: {what}")
