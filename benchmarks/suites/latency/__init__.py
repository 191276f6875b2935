"""The latency suite: milliseconds a network."""
