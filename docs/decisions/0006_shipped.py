"""What a combiner is worth with the networks that are shipped, on the true takes.

python docs/decisions/0006_shipped.py RAVDESS TRUE_PAIRS.npz [COMBINER.tflite]
"""

import sys
from pathlib import Path

from convert.datasets import ravdess_faces
from convert.evaluation.fusion import judge
from edge.models import find

sound, takes = map(Path, sys.argv[1:3])
combiner = find(sys.argv[3] if len(sys.argv) > 3 else "fusion")
verdict = judge(ravdess_faces.load(takes), sound, find("edge_net"), find("audio_crnn"), combiner)
print("\n".join(verdict.lines()))
