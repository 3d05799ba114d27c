"""The benchmarks behind `tools/bench.py`, one a file, and what they share."""
