"""What all rooms stand on: whole files, waits, parts by name, and words without passwords."""
