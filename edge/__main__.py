"""`python -m edge` is `edge`."""

from edge.cli.start import start

start()
