"""Trainings in files: saved on the way, taken up again, never half a file."""
