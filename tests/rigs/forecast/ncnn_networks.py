"""The int8 networks of ncnn's table, as ncnn's text format describes a network.

A layer's parameters have numbers: 0 outputs, 1 kernel, 3 stride, 4 padding, 5 with a bias, 6 (2 in
an inner product) weights, 7 groups, 8 how it is quantised (int8 in; above 100 int8 out too), 9 with
a ReLU.
"""

from __future__ import annotations

SIZE = 224
CLASSES = 1000
INT8_IN, DEPTHWISE_INT8, INT8_BOTH = 2, 101, 102


class Network:
    """Layers one by one; `text` is the whole."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._blobs = 0
        self.add("Input", [], "data", {0: SIZE, 1: SIZE, 2: 3})

    def add(self, kind: str, inputs: list[str], output: str, figures: dict[int, int]) -> str:
        self._add(kind, inputs, [output], figures)
        return output

    def split(self, blob: str) -> tuple[str, str]:
        first, second = f"{blob}_a", f"{blob}_b"
        self._add("Split", [blob], [first, second], {})
        return first, second

    def convolve(
        self, blob: str, name: str, channels: tuple[int, int], kernel: int, *, stride: int = 1,
        relu: bool = True, depthwise: bool = False, quantised: int = INT8_BOTH,
    ) -> str:  # fmt: skip
        inputs, outputs = channels
        weights = kernel * kernel * outputs * (1 if depthwise else inputs)
        figures = {0: outputs, 1: kernel, 3: stride, 4: kernel // 2, 5: 1, 6: weights}
        if depthwise:
            figures[7] = inputs
        figures |= {8: quantised, 9: int(relu)}
        kind = "ConvolutionDepthWise" if depthwise else "Convolution"
        return self.add(kind, [blob], name, figures)

    def classify(self, blob: str, channels: int) -> None:
        pooled = self.add("Pooling", [blob], "pool", {0: 1, 4: 1})
        figures = {0: CLASSES, 1: 1, 2: CLASSES * channels, 8: INT8_IN}
        self.add("Softmax", [self.add("InnerProduct", [pooled], "fc", figures)], "output", {})

    def text(self) -> str:
        return "\n".join(["7767517", f"{len(self._lines)} {self._blobs}", *self._lines, ""])

    def _add(self, kind: str, ins: list[str], outs: list[str], figures: dict[int, int]) -> None:
        numbers = [f"{key}={value}" for key, value in figures.items()]
        counts = [str(len(ins)), str(len(outs))]
        self._lines.append(" ".join([kind, f"l_{outs[0]}", *counts, *ins, *outs, *numbers]))
        self._blobs += len(outs)


def mobilenet_v1() -> Network:
    network = Network()
    blob, channels = network.convolve("data", "conv", (3, 32), 3, stride=2), 32
    blocks = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)]
    blocks += [(512, 1)] * 5 + [(1024, 2), (1024, 1)]
    for number, (wider, stride) in enumerate(blocks):
        last = number == len(blocks) - 1
        blob = network.convolve(
            blob, f"depth{number}", (channels, channels), 3,
            stride=stride, depthwise=True, quantised=DEPTHWISE_INT8,
        )  # fmt: skip
        quantised = INT8_IN if last else INT8_BOTH
        blob = network.convolve(blob, f"point{number}", (channels, wider), 1, quantised=quantised)
        channels = wider
    network.classify(blob, channels)
    return network


def resnet(units: tuple[int, ...], *, bottleneck: bool) -> Network:
    network = Network()
    blob = network.convolve("data", "conv", (3, 64), 7, stride=2, quantised=INT8_IN)
    blob, channels = network.add("Pooling", [blob], "pool1", {1: 3, 2: 2}), 64
    for stage, count in enumerate(units):
        width = 64 << stage
        wider = 4 * width if bottleneck else width
        for unit in range(count):
            stride = 2 if stage and not unit else 1
            name = f"s{stage}u{unit}"
            blob = _unit(network, blob, name, (channels, width, wider), stride)
            channels = wider
    network.classify(blob, channels)
    return network


def _unit(
    network: Network, blob: str, name: str, channels: tuple[int, int, int], stride: int
) -> str:
    """Two convolutions of 3x3, or one between two of 1x1, beside a short cut."""
    inputs, width, outputs = channels
    branch, short_cut = network.split(blob)
    if inputs != outputs or stride > 1:
        short_cut = network.convolve(
            short_cut, f"{name}s", (inputs, outputs), 1,
            stride=stride, relu=False, quantised=INT8_IN,
        )  # fmt: skip
    if outputs > width:
        branch = network.convolve(branch, f"{name}x", (inputs, width), 1, stride=stride)
        branch = network.convolve(branch, f"{name}y", (width, width), 3)
        kernel, inputs = 1, width
    else:
        branch = network.convolve(branch, f"{name}x", (inputs, width), 3, stride=stride)
        kernel, inputs = 3, width
    branch = network.convolve(
        branch, f"{name}z", (inputs, outputs), kernel, relu=False, quantised=INT8_IN
    )
    added = network.add("Eltwise", [short_cut, branch], f"{name}sum", {0: 1})
    return network.add("ReLU", [added], f"{name}out", {})


NETWORKS = {
    "mobilenet_v1": mobilenet_v1,
    "resnet18": lambda: resnet((2, 2, 2, 2), bottleneck=False),
    "resnet50": lambda: resnet((3, 4, 6, 3), bottleneck=True),
}
