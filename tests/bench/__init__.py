"""Measurements, which are no tests: `make bench-writes`, `make bench-million`, `make storm`."""
