"""The voice suite: features, windows, the microphone."""
