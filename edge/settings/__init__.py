"""Settings: their sections, how they are read, how they are written."""
