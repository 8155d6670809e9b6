"""provenv's own suite for plugins."""

from provenv.conformance.suite import check_plugin
from provenv.hooks.entry_points import scan


def test_provenv_finds_no_fault_with_it():
    (entry,) = [point for point in scan() if point.module == "provenv_npu"]

    report = check_plugin(entry)

    assert report.passed, report.faults
