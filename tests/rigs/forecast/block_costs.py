"""Counted blocks of instructions to costs: llvm-mca's cycles, and what came from memory.

    python block_costs.py COUNTS OUT.json      COUNTS is what run.sh has filled

A block is timed as if it ran a hundred times in a row, as hot ones do. Blocks beyond 99.9 %
of the instructions cost what the others cost on average.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from edge.models import find

# LLVM times a Cortex-A76 as the A57 that it is not; the Neoverse N1 is its sister.
MODELS = {"Cortex-A53": "cortex-a53", "Cortex-A72": "cortex-a72", "Cortex-A76": "neoverse-n1"}
FEATURES = "+v8.2a,+fullfp16,+dotprod,+lse,+crypto,+rcpc,+i8mm,+pauth,+bti,+sve"
TIMES = 100
COVERED = 0.999
LINE_MB = 64 / 1e6
# Work that is not all the library's: what of it several threads can share, and cores beside the one
# that it was counted on.
PARALLEL = {"net/": "litert", "path/frame": "cv2", "path/sound": "litert"}
PATHS = {"face": "frame", "speech": "sound"}


@dataclass
class Counts:
    """blocks: how often each ran, by address and instructions (8 hex digits each)"""

    blocks: Counter[tuple[int, str]]
    memory_lines: int

    @property
    def instructions(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (_, code), count in self.blocks.items():
            found[code] += count * len(code) // 8
        return found


def read(path: Path) -> Counts:
    counts = Counts(Counter(), 0)
    for line in path.read_text().splitlines():
        kind, *fields = line.split()
        if kind == "block":
            counts.blocks[int(fields[0], 16), fields[2]] += int(fields[1])
        elif kind == "level":  # the last one counts
            counts.memory_lines = int(fields[1])
    return counts


def disassembled(codes: list[str]) -> dict[str, str]:
    """By instruction; what this LLVM does not know is a nop."""
    single = sorted({code[i : i + 8] for code in codes for i in range(0, len(code), 8)})
    lines = (" ".join(f"0x{one[i : i + 2]}" for i in (6, 4, 2, 0)) for one in single)
    run = subprocess.run(
        ["llvm-mc-19", "-disassemble", "-triple=aarch64", f"-mattr={FEATURES}"],
        input="\n".join(lines) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    unknown = {int(line.split(":")[1]) - 1 for line in run.stderr.splitlines() if "warning" in line}
    texts = iter(
        line.strip()
        for line in run.stdout.splitlines()
        if line.startswith("\t") and not line.startswith("\t.")
    )
    return {one: "nop" if i in unknown else next(texts) for i, one in enumerate(single)}


def cycles(codes: list[str], core: str) -> dict[str, float]:
    """Of each block, once; blocks that llvm-mca cannot time are missing."""
    texts = disassembled(codes)
    lines = []
    for number, code in enumerate(codes):
        lines.append(f"# LLVM-MCA-BEGIN {number}")
        lines += [texts[code[i : i + 8]] for i in range(0, len(code), 8)]
        lines.append("# LLVM-MCA-END")
    run = subprocess.run(
        ["llvm-mca-19", "-mtriple=aarch64", f"-mcpu={MODELS[core]}", f"-mattr={FEATURES}",
         "--json", f"-iterations={TIMES}", "-skip-unsupported-instructions=any"],
        input="\n".join(lines) + "\n", capture_output=True, text=True, check=False,
    )  # fmt: skip
    regions = json.loads(run.stdout)["CodeRegions"]
    return {
        codes[int(region["Name"])]: region["SummaryView"]["TotalCycles"] / TIMES
        for region in regions
    }


def parallel_ranges(work: str, maps: Path) -> list[tuple[int, int]] | None:
    """Addresses of the libraries that can; None where nothing else is worth a word."""
    library = next((name for start, name in PARALLEL.items() if work.startswith(start)), None)
    if library is None:
        return None
    ranges = []
    for line in maps.read_text().splitlines():
        if library in line:
            low, high = line.split()[0].split("-")
            ranges.append((int(low, 16), int(high, 16)))
    return ranges


def cost(counts: Counts, core: str, parallel: list[tuple[int, int]] | None, units: int) -> list:
    """Mcycles, MB from memory, and the share of the cycles that stays on one thread."""
    instructions = counts.instructions
    total, seen, hot = sum(instructions.values()), 0, []
    for code, count in instructions.most_common():
        if seen >= COVERED * total:
            break
        hot.append(code)
        seen += count
    each = cycles(hot, core)
    known = sum(instructions[code] for code in each)
    spent = serial = 0.0
    for (address, code), count in counts.blocks.items():
        if code not in each:
            continue
        spent += count * each[code]
        if parallel is not None and not any(low <= address < high for low, high in parallel):
            serial += count * each[code]
    mcycles = spent * total / known / units / 1e6
    memory_mb = counts.memory_lines * LINE_MB / units
    return [float(f"{mcycles:.4g}"), float(f"{memory_mb:.3g}"), round(serial / spent, 3)]


def main() -> None:
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    costs: dict[str, dict[str, list]] = {}
    for path in sorted(folder.glob("*.blocks")):
        kind, name, counted_on = path.stem.split("@")
        work = f"{kind}/{name}"
        units = int(path.with_suffix(".units").read_text())
        ranges = parallel_ranges(work, path.with_suffix(".maps"))
        for core in MODELS if kind == "path" else [counted_on]:
            found = cost(read(path), core, ranges, units)
            costs.setdefault(work, {})[core] = found
            print(f"{work} {core}: {found[0]} Mcycles, {found[1]} MB, {found[2]} serial")
    cards = [find(work.split("/")[1]).card for work in costs if work.startswith("net/")]
    document = {
        "made_with": (folder / "versions").read_text().strip(),
        "networks": {
            card.name: {
                "parameters": card.parameters,
                "macs": card.macs,
                "path": PATHS[card.modality],
            }
            for card in cards
        },
        "costs": costs,
    }
    out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
