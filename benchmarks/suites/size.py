"""What has to be stored: the model files, and the base install distribution by distribution."""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import edge
from benchmarks.measuring.disk_usage import bare_name, closure, distribution_bytes
from benchmarks.measuring.findings import Finding, Remark
from benchmarks.measuring.timing import Measurement
from benchmarks.plan import Plan
from edge.errors import EdgeError

DISTRIBUTION = "emotion-edge"
_SHOWN = 10
_TIMEOUT_S = 1800.0


def measure(plan: Plan) -> Iterator[Finding]:
    """MB of 10^6 bytes, as files' lengths, not as blocks on the disk."""
    for model in plan.models:
        yield _megabytes(f"model {model.path.name}", model.path.stat().st_size)
    if plan.install:
        yield from _fresh_install()
    else:
        yield from _disk_usage()


def _disk_usage() -> Iterator[Finding]:
    """The closure of the base requirements, in this environment."""
    sizes = {name: distribution_bytes(name) for name in closure(base_requirements())}
    yield _megabytes("base install", sum(sizes.values()))
    for name, size in _largest(sizes):
        yield _megabytes(f"of it {name}", size)
    yield Remark(
        "base install: the distributions that the base install needs, as this environment holds "
        "them; --install measures a fresh environment"
    )


def _fresh_install() -> Iterator[Finding]:
    """A fresh virtual environment with the project, less the pip that came with it."""
    project = Path(edge.__file__).parent.parent
    source = str(project) if (project / "pyproject.toml").exists() else DISTRIBUTION
    with tempfile.TemporaryDirectory() as folder:
        _run([sys.executable, "-m", "venv", folder])
        python = str(Path(folder) / "bin" / "python")
        _run([python, "-m", "pip", "install", "--quiet", "--no-cache-dir", source])
        site_packages = next(Path(folder).glob("lib/python*/site-packages"))
        sizes = {
            entry.name: _tree_bytes(entry)
            for entry in site_packages.iterdir()
            if not re.match(r"(pip|setuptools|_distutils_hack|distutils-precedence)\b", entry.name)
        }
    yield _megabytes("base install", sum(sizes.values()))
    for name, size in _largest(sizes):
        yield _megabytes(f"of it {name}", size)
    yield Remark(f"base install: site-packages of a fresh environment after pip install {source}")


def base_requirements() -> list[str]:
    """What a person names to install the device's part. Raises EdgeError where nothing says it."""
    try:
        metadata.version(DISTRIBUTION)
    except metadata.PackageNotFoundError:
        project = Path(edge.__file__).parent.parent / "pyproject.toml"
        if not project.exists():
            raise EdgeError(
                f"{DISTRIBUTION} is not installed: pip install {DISTRIBUTION}"
            ) from None
        needed = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["dependencies"]
        return [bare_name(requirement) for requirement in needed]
    return [DISTRIBUTION]


def _tree_bytes(path: Path) -> int:
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def _largest(sizes: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(sizes.items(), key=lambda item: item[1], reverse=True)[:_SHOWN]


def _megabytes(name: str, size: int) -> Measurement:
    return Measurement(name, "MB", (size / 1e6,))


def _run(command: list[str]) -> None:
    try:
        subprocess.run(command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S)
    except subprocess.SubprocessError as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise EdgeError(f"{' '.join(command)} failed: {said[-1] if said else error}") from error
