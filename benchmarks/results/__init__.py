"""Results of a run as JSON, and two of them compared."""
