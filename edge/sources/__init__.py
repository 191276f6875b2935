"""Where frames and sound come from, and what keeps a live source alive."""
