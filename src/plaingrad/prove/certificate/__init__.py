"""Certificates: every gradient that a training uses, against the slopes of its loss.

`slope` measures, `claim` asks the training, `compare` judges, `links` goes on to the
printed script and machine code, and `certify` puts it together.
"""
