"""The web page passes the contract, over its wire."""

import pytest

from tests.contract.suite import Contract


class TestWeb(Contract, platform="web"):
    remembers = True

    @pytest.fixture
    def url(self, sqlite_store_url: str) -> str:
        return sqlite_store_url
