"""Hearing: from samples to the pictures of sound that a speech model takes.

    samples → `Features` (new frames only) → `SlidingWindows` → uint8 picture → `Classifier`

Training and device run the same NumPy code.
"""
