"""Pre-training of the mini models (lectures 4 and 8)."""
