"""Training: the loop over epochs and batches, and what watches it."""
