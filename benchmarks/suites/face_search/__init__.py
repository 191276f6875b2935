"""The face search suite: cost and coverage beside plain Haar."""
