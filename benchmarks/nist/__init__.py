"""Certified digits on the nonlinear regression problems of NIST."""
