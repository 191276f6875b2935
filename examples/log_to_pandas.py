"""A device's log as a table: python examples/log_to_pandas.py LOG

`edge log stats` says where the log is; `edge log export` writes it as CSV, JSON or Parquet.
"""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pandas as pd

log = Path(sys.argv[1]).resolve()
with closing(sqlite3.connect(f"{log.as_uri()}?mode=ro", uri=True)) as connection:
    events = pd.read_sql("SELECT * FROM readable", connection, parse_dates=["time"])

print(f"{len(events)} events from {events.time.min()} to {events.time.max()}")
print(events.pivot_table(index=events.time.dt.hour, columns="label", values="id", aggfunc="count"))
