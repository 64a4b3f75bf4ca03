"""The contract suite: what every platform's adapter does, in plain words, and the drivers that play people on each.

A new adapter adds a driver to `drivers.py`, and a file with a class of one line:

    class TestTelegram(Contract, platform="telegram"): ...
"""

import pytest

pytest.register_assert_rewrite("tests.contract.suite")
