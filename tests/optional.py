"""Packages that only requirements-dev.txt installs."""

import os
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest


def skip_or_fail(why: str) -> None:
    """Skip a test, or a module, for want of something; where CI is set, fail."""
    if os.environ.get("CI"):
        pytest.fail(f"{why}; CI may not skip", pytrace=False)
    pytest.skip(why, allow_module_level=True)


def require(package: str) -> None:
    """Skip or fail unless a package is installed."""
    if find_spec(package) is None:
        skip_or_fail(f"{package} is not installed (pip install -r requirements-dev.txt)")


def optional(module: str) -> Any:
    """Import a module that is not there without requirements-dev.txt; skip or fail without it."""
    require(module.partition(".")[0])
    return import_module(module)
