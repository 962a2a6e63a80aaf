"""The code under test of the examples in docs/pytest.md: what a reader has instead."""

from __future__ import annotations

from tests.carrierlab.plugin.esmes import AsyncioEsme, BlockingEsme, twisted_esme

Shop = BlockingEsme
AsyncShop = AsyncioEsme
connect_shop = twisted_esme
