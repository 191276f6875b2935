"""What a face or a voice will show some seconds ahead, from what the log says it has shown.

    sequences   events → stretches of states
    model       what is known at a moment, and the distribution of the state that follows
    judge       whether that is better than "it stays as it is", on what came later
    report      all of it for one log: edge log forecast
    live        the field of an event

docs/decisions/0007-forecast.md has what it is worth.
"""
