"""From frames and sound to events: face, speech, fusion, smoothing."""
