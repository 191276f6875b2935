"""The systemd service: its files, and what it tells systemd."""
