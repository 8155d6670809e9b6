"""Benchmarks beside uv, pip, poetry and nab, in the same run on a replica of the default index.

    tests/bench/run            every comparison of docs/benchmarks.md, whose table it prints
    tests/bench/profile        a profile of each workload
    tests/bench/instructions   the instructions of a warm run, which CI holds against a committed figure

They measure and never assert; pytest does not collect them.
"""
