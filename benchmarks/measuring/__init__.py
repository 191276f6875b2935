"""How things are measured: timing, sampling, processes, the machine."""
