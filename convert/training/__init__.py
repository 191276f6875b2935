"""Training networks: faces, speech, video and fusion."""
