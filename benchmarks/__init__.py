"""plaingrad beside its peers, on identical work: `python -m benchmarks`."""
