"""The gate beside the limits of its stack and its peers, in one run: ``python -m tests.bench.speed``.

A local upstream with seeded projects, the gate with a policy in force, a bare uvicorn that returns the same bytes
ready made, and nginx where it is installed; each server on one core, the load on another (Linux, ``taskset``).
``wrk`` makes the load. Nothing here is a test; ratios count, not figures.
"""
