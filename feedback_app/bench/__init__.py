"""Benchmarks: the command `bench` measures this program on this machine, with servers and clients of its own.

Start with `course.py` (what is measured), then `ground.py` (the processes) and `report.py`. The room may import
every room before it; only `forgetful.py` imports `app`. The tests are in `tests/bench/`.
"""
