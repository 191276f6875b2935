"""docs/models.md: every network of the zoo beside what its source says, made by one command.

entries   what is known of each network: its card, its file where it is at hand, its history
measure   what only running it tells: milliseconds, confusions, over-fitting, other faces
claims    what the sources say, and whether it holds
markdown  the page
pictures  accuracy against cost, and how fast the networks learn
command   edge-convert table
"""
