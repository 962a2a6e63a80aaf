"""The composers of the campaigns at work, made once each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sender.domain.template import Template
from sender.pipeline.compose import Composer, TextOptions, Wording
from sender.store.records import Campaign
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer


class Composers:
    """Composers by campaign; `wordings` are by operator account. `on_load` hears of a campaign before it is sent."""

    def __init__(
        self,
        store: SqliteStore,
        writer: Writer,
        wordings: Mapping[str, Wording],
        on_load: Callable[[Campaign], None] = lambda _: None,
    ) -> None:
        self._on_load = on_load
        self._store = store
        self._writer = writer
        self._wordings = wordings
        self._composers: dict[int, Composer] = {}
        self._campaigns: dict[int, Campaign] = {}

    async def load(self, campaign_id: int) -> Composer:
        """The composer of a stored campaign; it is remembered."""
        composer = self._composers.get(campaign_id)
        if composer is None:
            campaign = await self._writer.call(self._store.campaign, campaign_id)
            self._on_load(campaign)
            self._campaigns[campaign_id] = campaign
            composer = self._composers[campaign_id] = self.make(campaign)
        return composer

    def of(self, campaign_id: int) -> Composer:
        """The composer of a campaign that was loaded before."""
        return self._composers[campaign_id]

    def rewrite(self) -> None:
        """The wordings have changed: what is composed from now on goes by them."""
        self._composers = {campaign_id: self.make(campaign) for campaign_id, campaign in self._campaigns.items()}

    def make(self, campaign: Campaign) -> Composer:
        """A composer for the template and sender of `campaign`."""
        template = Template.compile(campaign.template)
        options = TextOptions.of(campaign.options)
        return Composer(template, campaign.sender, campaign.message_class, self._wordings, options)
