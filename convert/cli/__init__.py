"""The `edge-convert` command."""
