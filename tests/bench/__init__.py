"""Measurements, which are no tests: `make bench-writes`."""
