"""Name the emotion of every face in a picture: python examples/picture.py portrait.jpg"""

import sys

import edge

for seen in edge.classify_picture(sys.argv[1]):
    face, said = seen.face, seen.prediction
    print(
        f"{said.label} ({said.confidence:.0%}) at {face.x}, {face.y}: {face.width}x{face.height} px"
    )
