"""Where frames come from: cameras, files, folders, streams, and a synthetic clip.

A source is a context manager that iterates frames and says why it ended. A new one is a file
here and a line in `_TABLE`; the contract tests follow.
"""
