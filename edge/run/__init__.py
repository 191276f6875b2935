"""One run: its inputs, its loop, its limits and its end."""
