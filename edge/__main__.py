"""`python -m edge` is `edge`."""

from edge.cli.main import start

start()
