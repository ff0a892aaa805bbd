"""Tells whether a test passed, so that a step of the scenario is printed only then."""

import pytest


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when == "call" and item.path.name == "test_scenario.py":
        item.stash[item.module.PASSED] = report.passed
    return report
