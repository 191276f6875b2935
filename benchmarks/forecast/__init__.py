"""What a board that is not here would take: instruction counts, fitted to published figures."""
