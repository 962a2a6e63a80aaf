"""asyncio, Twisted and xdist: the same emulator beside whatever runs the code under test."""

from __future__ import annotations

import pytest

from tests.carrierlab.plugin.conftest import Run


def test_asyncio_code_under_test(inner_process: Run) -> None:
    result = inner_process(
        """
        import asyncio
        from tests.carrierlab.plugin.esmes import AsyncioEsme

        async def test_it(smsc):
            client = await AsyncioEsme.connect(smsc.host, smsc.port, smsc.system_id, smsc.password)
            waiting = asyncio.create_task(smsc.aio.wait_for(text="code"))
            await client.send("77011234567", "Your code is 1234")
            message = await waiting
            assert message.to == "77011234567"
            assert [bind.system_id for bind in smsc.binds] == [smsc.system_id]
            await client.close()
        """,
        *("-p", "asyncio", "-o", "asyncio_mode=auto"),
    )
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize("reactor", ["asyncio", "default"])
def test_twisted_code_under_test(inner_process: Run, reactor: str) -> None:
    result = inner_process(
        """
        import pytest_twisted
        from twisted.internet import reactor
        from tests.carrierlab.plugin.esmes import twisted_esme

        @pytest_twisted.inlineCallbacks
        def test_it(smsc):
            client = yield twisted_esme(reactor, smsc.host, smsc.port, smsc.system_id, smsc.password)
            waiting = smsc.deferred.wait_for(text="code")
            yield client.send("77011234567", "Your code is 1234")
            message = yield waiting
            assert message.to == "77011234567"
            yield client.close()
        """,
        *("-p", "twisted", f"--reactor={reactor}"),
    )
    result.assert_outcomes(passed=1)


XDIST = """
import pytest
from tests.carrierlab.plugin.esmes import BlockingEsme

@pytest.mark.parametrize("number", range(8))
def test_it(smsc, number):
    with BlockingEsme(smsc.host, smsc.port, smsc.system_id, smsc.password) as client:
        client.send(f"7701123450{number}", "Hello")
        smsc.wait_for(to=f"7701123450{number}")
        assert len(smsc.messages) == 1
"""


def test_each_xdist_worker_has_an_emulator_of_its_own(inner_process: Run) -> None:
    inner_process(XDIST, "-n", "2").assert_outcomes(passed=8)
