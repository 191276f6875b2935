"""The statements that make a log, and that bring an older one up to date; one tuple a version."""

from __future__ import annotations

from edge.log import aggregates, packed

_BOX = "x INTEGER, y INTEGER, width INTEGER, height INTEGER"
_READABLE_TIME = "strftime('%Y-%m-%dT%H:%M:%fZ', time_us / 1e6, 'unixepoch') AS time"

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    # 1: modality, name and labels once in `model`; scores are uint16 little-endian in its order.
    (
        """CREATE TABLE model (
            id INTEGER PRIMARY KEY,
            modality TEXT NOT NULL,
            name TEXT NOT NULL,
            labels TEXT NOT NULL,
            UNIQUE (modality, name, labels)
        )""",
        f"""CREATE TABLE event (
            id INTEGER PRIMARY KEY,
            time_us INTEGER NOT NULL,
            model_id INTEGER NOT NULL REFERENCES model,
            track_id INTEGER NOT NULL,
            label TEXT NOT NULL,
            confidence INTEGER NOT NULL,
            scores BLOB NOT NULL,
            {_BOX}
        )""",
        # For a person with the sqlite3 shell.
        f"""CREATE VIEW readable AS
            SELECT event.id, {_READABLE_TIME},
                   modality, track_id, label, confidence / 10000.0 AS confidence,
                   x, y, width, height, name AS model
            FROM event JOIN model ON model.id = model_id""",
    ),
    # 2: labels by number; counts an interval; notes; what of this log lies in memory.
    (
        "CREATE TABLE label (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "INSERT INTO label (name) SELECT DISTINCT label FROM event ORDER BY 1",
        f"""CREATE TABLE event_2 (
            id INTEGER PRIMARY KEY AUTOINCREMENT,
            time_us INTEGER NOT NULL,
            model_id INTEGER NOT NULL REFERENCES model,
            label_id INTEGER NOT NULL REFERENCES label,
            track_id INTEGER NOT NULL,
            confidence INTEGER NOT NULL,
            scores BLOB NOT NULL,
            {_BOX}
        )""",
        """INSERT INTO event_2
            SELECT event.id, time_us, model_id, label.id, track_id, confidence, scores,
                   x, y, width, height
            FROM event CROSS JOIN label ON label.name = event.label ORDER BY event.id""",
        "DROP VIEW readable",
        "DROP TABLE event",
        "ALTER TABLE event_2 RENAME TO event",
        """CREATE TABLE tally (
            start_s INTEGER NOT NULL,
            interval_s INTEGER NOT NULL,
            model_id INTEGER NOT NULL REFERENCES model,
            label_id INTEGER NOT NULL REFERENCES label,
            events INTEGER NOT NULL,
            PRIMARY KEY (start_s, interval_s, model_id, label_id)
        ) WITHOUT ROWID""",
        "CREATE TABLE note (id INTEGER PRIMARY KEY, time_us INTEGER NOT NULL, text TEXT NOT NULL)",
        # `batch` is the last one of that spool that is in the log; a path without one is a log.
        "CREATE TABLE in_memory (path TEXT PRIMARY KEY, batch TEXT)",
        f"""CREATE VIEW readable AS
            SELECT event.id, {_READABLE_TIME},
                   modality, track_id, label.name AS label, confidence / 10000.0 AS confidence,
                   x, y, width, height, model.name AS model
            FROM event CROSS JOIN model ON model.id = model_id
                       CROSS JOIN label ON label.id = label_id""",
        """CREATE VIEW readable_counts AS
            SELECT strftime('%Y-%m-%dT%H:%M:%SZ', start_s, 'unixepoch') AS start, interval_s,
                   modality, label.name AS label, events, model.name AS model
            FROM tally CROSS JOIN model ON model.id = model_id
                       CROSS JOIN label ON label.id = label_id""",
    ),
    # 3: what is counted as the log grows.
    aggregates.MIGRATION,
    # 4: which file, device or address an event is of, and where in it. Columns are added at the
    # end, so that the rows of a large log are not rewritten.
    (
        "CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "ALTER TABLE event ADD COLUMN source_id INTEGER REFERENCES source",
        "ALTER TABLE event ADD COLUMN frame_index INTEGER",
        "ALTER TABLE event ADD COLUMN media_us INTEGER",
        "DROP VIEW readable",
        f"""CREATE VIEW readable AS
            SELECT event.id, {_READABLE_TIME},
                   modality, track_id, label.name AS label, confidence / 10000.0 AS confidence,
                   x, y, width, height, model.name AS model,
                   source.name AS source, frame_index, media_us / 1e6 AS media_s
            FROM event CROSS JOIN model ON model.id = model_id
                       CROSS JOIN label ON label.id = label_id
                       LEFT JOIN source ON source.id = source_id""",
    ),
    # 5: what was counted of a day that is over, in one row.
    packed.MIGRATION,
)
