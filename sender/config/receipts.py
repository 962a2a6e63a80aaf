"""The receipts of an operator account in the configuration."""

from typing import Annotated

import msgspec
from msgspec import Meta

from sender.domain.dialect import IdRule, NumberRule, PartsRule, Settings
from yamlmodel.scalars import Duration


class ReceiptsConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How an operator writes its receipts. What is not fixed here is learned; `sender dialects` shows it."""

    ids: Annotated[IdRule, Meta(description="Base of ids in responses, then in receipts")] = IdRule.LEARNED
    parts: Annotated[PartsRule, Meta(description="Whose receipts make a long message final")] = PartsRule.LEARNED
    parts_timeout: Annotated[Duration, Meta(description="After it a part's missing receipt counts as not coming")] = (
        Duration(3600)
    )
    numbers: Annotated[NumberRule, Meta(description="Whether a receipt's handset must be ours")] = NumberRule.LEARNED
    operator: Annotated[
        str, Meta(description="Accounts with one word here may have each other's receipts; omitted: host and port")
    ] = ""

    def settings(self, endpoint: str) -> Settings:
        """What the store keeps; `endpoint` stands for the operator when it has no name."""
        return Settings(self.ids, self.parts, float(self.parts_timeout), self.numbers, self.operator or endpoint)
