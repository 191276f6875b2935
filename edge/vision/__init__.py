"""From a frame to a network's input: find faces, follow them, cut them out."""
