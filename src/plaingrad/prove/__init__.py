"""Proof: gradients compared with slopes that are measured from values alone."""
