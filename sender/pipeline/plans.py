"""From what a person asks for to a campaign in the store."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import msgspec

from sender.domain.message import MessageClass
from sender.domain.quiet_hours import QuietHours
from sender.domain.routing import Router
from sender.domain.template import Template
from sender.pipeline.campaigns import Composers
from sender.pipeline.compose import TextOptions, check_sender
from sender.pipeline.importing import ImportResult, import_recipients
from sender.pipeline.reading.opening import AS_FOUND, Reading, open_recipients
from sender.pipeline.suppressing import Suppressing
from sender.store.records import Campaign, NewCampaign
from sender.store.sqlite import SqliteStore
from sender.store.writer import Writer


class CampaignPlan(msgspec.Struct, frozen=True):
    """What a person asks for with ``sender send``."""

    template: str
    sender: str
    """Source address: a name of at most 11 characters, or a number."""
    recipients: Path
    reading: Reading = AS_FOUND
    text: TextOptions = TextOptions()
    message_class: MessageClass = MessageClass.SERVICE
    rejects: Path | None = None
    name: str = ""
    priority: int | None = None
    """0 (lowest) to 9; None = that of the class."""
    weight: int = 1
    """Its share of the turns, against campaigns of the same priority."""
    starts_at: float | None = None
    """Unix time before which nothing is sent."""
    expires_at: float | None = None
    """Unix time from which nothing is written any more."""
    quiet: QuietHours | None = None
    """Hours at which nothing of it is written; None = those of the configuration."""

    def campaign(self, country: str, at: float) -> NewCampaign:
        """What the store is told, once every mistake that the plan and the file's header show is ruled out.

        `country` is where numbers without a plus belong. TemplateError, SenderError, HeaderError, OSError (the
        recipients file).
        """
        template, sender = Template.compile(self.template), check_sender(self.sender)
        with open_recipients(self.recipients, country, template, self.reading):
            pass
        return NewCampaign(
            name=self.name or self.recipients.stem,
            template=template.text,
            sender=sender,
            message_class=self.message_class,
            recipients=str(self.recipients.absolute()),
            rejects=str(self.rejects.absolute()) if self.rejects is not None else "",
            at=at,
            priority=self.priority,
            starts_at=self.starts_at,
            expires_at=self.expires_at,
            options=msgspec.json.encode(Options(reading=self.reading, text=self.text)).decode(),
            quiet=None if self.quiet is None else self.quiet.to_json(),
        )


class Options(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a campaign keeps as JSON: only what was asked for."""

    reading: Reading = AS_FOUND
    text: TextOptions = TextOptions()


class Imports:
    """Reads the recipients of campaigns into the store."""

    def __init__(
        self, composers: Composers, router: Router, suppressing: Suppressing, *, store: SqliteStore, writer: Writer
    ) -> None:
        self._composers = composers
        self._router = router
        self._suppressing = suppressing
        self._store = store
        self._writer = writer

    async def begin(
        self, new: NewCampaign, weight: int, country: str, on_rows: Callable[[int], None] | None
    ) -> ImportResult:
        """Store a campaign; its sending begins with the last row."""
        campaign_id = await self._writer.call(self._store.create_campaign, new)
        if weight != 1:
            await self._writer.call(self._store.set_weight, campaign_id, weight)
        campaign = await self._writer.call(self._store.campaign, campaign_id)
        return await self._read(campaign, country, on_rows)

    async def again(self, campaign: Campaign, country: str, on_rows: Callable[[int], None] | None) -> ImportResult:
        """Begin the import of a campaign again that was cut before its end."""
        await self._writer.call(self._store.restart_import, campaign.id)
        return await self._read(campaign, country, on_rows)

    async def _read(self, campaign: Campaign, country: str, on_rows: Callable[[int], None] | None) -> ImportResult:
        composer = self._composers.make(campaign)
        await self._suppressing.refresh()
        return await import_recipients(
            campaign.id,
            Path(campaign.recipients),
            Path(campaign.rejects) if campaign.rejects else None,
            region=country,
            how=msgspec.json.decode(campaign.options, type=Options).reading,
            template=Template.compile(campaign.template),
            composer=composer,
            router=self._router,
            blocked=partial(self._suppressing.scope_against, kind=campaign.message_class, sender=campaign.sender),
            store=self._store,
            writer=self._writer,
            on_rows=on_rows,
        )
