"""An authority and what it signs, by openssl: for 127.0.0.1, for another host, and expired."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

_CONFIG = """
[ca]
default_ca = own
[own]
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
copy_extensions = copy
[any]
commonName = supplied
[req]
distinguished_name = empty
[empty]
"""


def make(home: Path) -> Path:
    """Writes ca.pem, key.pem and good.pem, other.pem, expired.pem into `home`; gives `home`."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl: apt-get install openssl")
    home.mkdir(parents=True, exist_ok=True)
    (home / "ca.cnf").write_text(_CONFIG)
    (home / "index.txt").touch()
    (home / "index.txt.attr").write_text("unique_subject = no\n")
    (home / "serial").write_text("01\n")

    def openssl(*arguments: str) -> None:
        subprocess.run(
            ["openssl", *arguments], cwd=home, check=True, capture_output=True, timeout=60
        )

    new = ("-newkey", "rsa:2048", "-nodes", "-config", "ca.cnf")
    openssl("req", "-x509", *new, "-subj", "/CN=test authority", "-keyout", "ca.key", "-out",
            "ca.pem", "-days", "2", "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip
    openssl("genrsa", "-out", "key.pem", "2048")
    for name, host, days in (
        ("good", "IP:127.0.0.1", ("-days", "2")),
        ("other", "DNS:other.example", ("-days", "2")),
        ("expired", "IP:127.0.0.1", ("-startdate", "200101000000Z", "-enddate", "210101000000Z")),
    ):
        openssl("req", "-new", "-key", "key.pem", "-subj", f"/CN={name}", "-config", "ca.cnf",
                "-addext", f"subjectAltName={host}", "-out", f"{name}.csr")  # fmt: skip
        openssl("ca", "-batch", "-config", "ca.cnf", "-cert", "ca.pem", "-keyfile", "ca.key",
                "-in", f"{name}.csr", "-out", f"{name}.pem", "-notext", *days)  # fmt: skip
    return home
