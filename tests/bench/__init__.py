"""Benchmarks, which are no tests, such as `make bench-writes`; `test_bench.py` tests the command `bench`."""
