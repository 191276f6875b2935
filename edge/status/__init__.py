"""The status page, the Prometheus metrics and the status as text."""
