"""The console passes the contract, within the program and over a socket."""

import pytest

from tests.contract.suite import Contract


class TestConsole(Contract, platform="console"):
    pass


class TestSocket(Contract, platform="socket"):
    @pytest.fixture
    def url(self, sqlite_store_url: str) -> str:
        return sqlite_store_url
