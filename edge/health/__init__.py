"""How a run is: its parts and their states, the file that tells others, the board."""
