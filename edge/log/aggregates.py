"""What a log has counted already: SQL that keeps it true, whoever writes events or deletes them.

`history` counts events by quarter of an hour, model and label; every time zone's hours, days and
weeks begin on such a quarter, so any chart is a sum over it. `visitors` counts the tracks of faces
by the quarter in which they came, and for how long they stayed. Triggers keep both in the
transaction that changes `event` or `tally`: a purge, a retention and a killed run leave them true.

Where a purge cuts through a quarter, that quarter's visitors stay until its last face is gone.
"""

from __future__ import annotations

QUARTER_S = 900
QUARTERS_A_DAY = 86_400 // QUARTER_S
_QUARTER_US = QUARTER_S * 1_000_000

GAP_S = 60
"""A track that gives nothing for this long has left; the same number later is another visitor."""
STAYS_S = (10, 60, 300)
"""Visitors are counted by how long they stayed: less than each of these, or longer."""
STAY_COLUMNS = tuple(f"under_{limit}s" for limit in STAYS_S)

_NEAR = 64  # events: a fusion follows what it stands for closely
_FRESH_US = 1_000_000


def _of(modality: str) -> str:
    return f"(SELECT id FROM model WHERE modality = '{modality}')"


def _partner(modality: str, fusion: str, what: str) -> str:
    """SQL: the latest event of `modality` that a fusion event stands for, a second away at most."""
    same_track = f"AND near.track_id = {fusion}.track_id" if modality == "face" else ""
    return (
        f"SELECT {what} FROM event AS near"
        f" WHERE near.id > {fusion}.id - {_NEAR} AND near.id < {fusion}.id"
        f" AND near.model_id IN {_of(modality)} {same_track}"
        f" AND abs(near.time_us - {fusion}.time_us) <= {_FRESH_US}"
        f" ORDER BY near.id DESC LIMIT 1"
    )


def _fuse(modality: str) -> str:
    key = f"near.time_us / {_QUARTER_US}, near.model_id, near.label_id"
    return (
        "UPDATE history SET fused = fused + 1 WHERE (quarter, model_id, label_id) ="
        f" ({_partner(modality, 'NEW', key)});"
    )


def _stay(row: str, limit_s: int) -> str:
    return f"({row}.last_us - {row}.first_us < {limit_s}000000)"


def _one_more(column: str, quarter: str, row: str, count: str) -> str:
    """SQL: add to a column of the row of `history` for a row of another table."""
    names = ("events", "counted", "fused")
    values = ", ".join(count if name == column else "0" for name in names)
    return (
        f"INSERT INTO history VALUES ({quarter}, {row}.model_id, {row}.label_id, {values})"
        f" ON CONFLICT DO UPDATE SET {column} = {column} + excluded.{column};"
    )


def _fewer(column: str, quarter: str, count: str) -> str:
    key = f"quarter = {quarter} AND model_id = OLD.model_id AND label_id = OLD.label_id"
    return (
        f"UPDATE history SET {column} = {column} - {count} WHERE {key};"
        f" DELETE FROM history WHERE {key} AND events <= 0 AND counted <= 0;"
    )


_TABLES = (
    # fused: of the events, those that an event of a fusion stands for
    """CREATE TABLE history (
        quarter INTEGER NOT NULL,
        model_id INTEGER NOT NULL REFERENCES model,
        label_id INTEGER NOT NULL REFERENCES label,
        events INTEGER NOT NULL,
        counted INTEGER NOT NULL,
        fused INTEGER NOT NULL,
        PRIMARY KEY (quarter, model_id, label_id)
    ) WITHOUT ROWID""",
    f"""CREATE TABLE visitors (
        quarter INTEGER PRIMARY KEY,
        visits INTEGER NOT NULL,
        stay_us INTEGER NOT NULL,
        {", ".join(f"{name} INTEGER NOT NULL" for name in STAY_COLUMNS)}
    )""",
    # Those who may still be there.
    """CREATE TABLE visit (
        track_id INTEGER PRIMARY KEY,
        first_us INTEGER NOT NULL,
        last_us INTEGER NOT NULL
    )""",
)

_ONES = ", ".join("1" for _ in STAYS_S)
_STAYS_GROWN = ", ".join(
    f"{name} = {name} + {_stay('NEW', limit)} - {_stay('OLD', limit)}"
    for name, limit in zip(STAY_COLUMNS, STAYS_S, strict=True)
)
_FIRST_QUARTER = f"NEW.first_us / {_QUARTER_US}"

_TRIGGERS = (
    f"""CREATE TRIGGER event_counted AFTER INSERT ON event BEGIN
        {_one_more("events", f"NEW.time_us / {_QUARTER_US}", "NEW", "1")}
    END""",
    f"""CREATE TRIGGER event_fused AFTER INSERT ON event
    WHEN NEW.model_id IN {_of("fusion")} BEGIN
        {_fuse("face")}
        {_fuse("speech")}
    END""",
    f"""CREATE TRIGGER event_uncounted AFTER DELETE ON event BEGIN
        {_fewer("events", f"OLD.time_us / {_QUARTER_US}", "1")}
    END""",
    f"""CREATE TRIGGER tally_counted AFTER INSERT ON tally BEGIN
        {_one_more("counted", f"NEW.start_s / {QUARTER_S}", "NEW", "NEW.events")}
    END""",
    f"""CREATE TRIGGER tally_grown AFTER UPDATE OF events ON tally BEGIN
        {_one_more("counted", f"NEW.start_s / {QUARTER_S}", "NEW", "NEW.events - OLD.events")}
    END""",
    f"""CREATE TRIGGER tally_uncounted AFTER DELETE ON tally BEGIN
        {_fewer("counted", f"OLD.start_s / {QUARTER_S}", "OLD.events")}
    END""",
    f"""CREATE TRIGGER face_seen AFTER INSERT ON event
    WHEN NEW.track_id > 0 AND NEW.model_id IN {_of("face")} BEGIN
        DELETE FROM visit WHERE track_id = NEW.track_id
            AND abs(NEW.time_us - last_us) >= {GAP_S}000000;
        INSERT INTO visit VALUES (NEW.track_id, NEW.time_us, NEW.time_us)
            ON CONFLICT DO UPDATE SET last_us = max(last_us, excluded.last_us);
    END""",
    f"""CREATE TRIGGER visit_begun AFTER INSERT ON visit BEGIN
        DELETE FROM visit WHERE abs(NEW.first_us - last_us) >= {GAP_S}000000;
        INSERT INTO visitors VALUES ({_FIRST_QUARTER}, 1, 0, {_ONES})
            ON CONFLICT DO UPDATE SET visits = visits + 1,
            {", ".join(f"{name} = {name} + 1" for name in STAY_COLUMNS)};
    END""",
    f"""CREATE TRIGGER visit_grown AFTER UPDATE OF last_us ON visit
    WHEN NEW.last_us > OLD.last_us BEGIN
        UPDATE visitors SET stay_us = stay_us + NEW.last_us - OLD.last_us, {_STAYS_GROWN}
            WHERE quarter = {_FIRST_QUARTER};
    END""",
    f"""CREATE TRIGGER faces_gone AFTER DELETE ON history
    WHEN OLD.model_id IN {_of("face")} AND NOT EXISTS (
        SELECT * FROM history WHERE quarter = OLD.quarter AND model_id IN {_of("face")}
    ) BEGIN
        DELETE FROM visitors WHERE quarter = OLD.quarter;
        DELETE FROM visit WHERE first_us / {_QUARTER_US} = OLD.quarter;
    END""",
)

_KEY = f"time_us / {_QUARTER_US}, model_id, label_id"
_PARTNERS = " UNION ALL ".join(
    f"SELECT ({_partner(modality, 'fusion', 'near.id')}) AS partner FROM event AS fusion"
    f" WHERE model_id IN {_of('fusion')}"
    for modality in ("face", "speech")
)
# What a log of an earlier release holds already.
_COUNTED_SO_FAR = (
    f"INSERT INTO history SELECT {_KEY}, count(*), 0, 0 FROM event GROUP BY 1, 2, 3",
    f"""INSERT INTO history
        SELECT start_s / {QUARTER_S}, model_id, label_id, 0, sum(events), 0 FROM tally
        WHERE true GROUP BY 1, 2, 3
        ON CONFLICT DO UPDATE SET counted = counted + excluded.counted""",
    f"""INSERT INTO history
        WITH partners AS MATERIALIZED ({_PARTNERS})
        SELECT {_KEY}, 0, 0, count(*) FROM partners JOIN event ON id = partner
        WHERE true GROUP BY 1, 2, 3
        ON CONFLICT DO UPDATE SET fused = fused + excluded.fused""",
    f"""INSERT INTO visitors
        WITH seen AS (
            SELECT id, time_us, track_id,
                   ifnull(abs(time_us - lag(time_us) OVER (PARTITION BY track_id ORDER BY id))
                          >= {GAP_S}000000, 1) AS begins
            FROM event WHERE track_id > 0 AND model_id IN {_of("face")}
        ), numbered AS (
            SELECT *, sum(begins) OVER (PARTITION BY track_id ORDER BY id) AS visit FROM seen
        ), visits AS (
            SELECT min(time_us) AS first_us, max(time_us) - min(time_us) AS stay_us
            FROM numbered GROUP BY track_id, visit
        )
        SELECT first_us / {_QUARTER_US}, count(*), sum(stay_us),
               {", ".join(f"sum(stay_us < {limit}000000)" for limit in STAYS_S)}
        FROM visits GROUP BY 1""",
)

MIGRATION = (*_TABLES, *_COUNTED_SO_FAR, *_TRIGGERS)
TABLES = ("history", "packed_day", "visitors", "visit")
