"""The pipeline suite: where a frame's time goes."""
