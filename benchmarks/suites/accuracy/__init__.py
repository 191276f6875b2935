"""The accuracy suites: clean, in noise, by preprocessing."""
