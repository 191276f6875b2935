"""A folder of pictures as CSV: python examples/folder.py pictures/ > emotions.csv"""

import csv
import sys
from pathlib import Path

import edge

table = csv.writer(sys.stdout)
table.writerow(("picture", "x", "y", "width", "height", "label", "confidence"))
for path in sorted(Path(sys.argv[1]).iterdir()):
    try:
        found = edge.classify_picture(path)
    except edge.EdgeError as error:
        print(error, file=sys.stderr)
        continue
    for seen in found:
        face, said = seen.face, seen.prediction
        table.writerow(
            (path.name, face.x, face.y, face.width, face.height, said.label, said.confidence)
        )
