"""Where events go. A sink writes, flushes and closes; a new one is a file and a line in `_TABLE`."""
