"""edge-bench: what the toolkit costs and how well it names, measured on the device itself."""
