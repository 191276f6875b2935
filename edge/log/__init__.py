"""The event log: a SQLite file of events or counts, read, exported, purged, kept in bounds."""
