"""What an account and a campaign say about texts, from the file to the wire, over a restart too."""

from pathlib import Path

import pytest

from sender.pipeline.compose import TextOptions
from sender.pipeline.plans import CampaignPlan
from smppkit.tlvs import Tlv
from tests.sender.world import World


def written(world: World) -> list[bytes]:
    return [submitted.pdu.short_message for submitted in world.beeline.submits]


def test_a_campaign_keeps_its_mind_about_texts_over_a_restart(tmp_path: Path) -> None:
    world = World(tmp_path)
    plan = CampaignPlan(
        template="Уважаемый {name:title}",
        sender="SHOP",
        recipients=world.recipients(["+77051112233,пётр", "+77051112234,Анна"]),
        text=TextOptions(transliterate=True),
    )
    imported = world.wait(world.sender.import_campaign(plan))
    assert (imported.messages, imported.segments) == (2, 2)
    world.restart()
    world.wait(world.sender.start())
    assert world.send().delivered == 2
    assert sorted(written(world)) == [b"Uvazhaemyy Anna", b"Uvazhaemyy Pyotr"]
    world.process.kill()


def test_tlvs_are_made_of_columns_that_the_text_does_not_use(tmp_path: Path) -> None:
    world = World(tmp_path, tlvs='[{tag: 0x1401, value: "{tpl}"}]', message_reference="true")
    plan = CampaignPlan(
        template="Hi {name}",
        sender="SHOP",
        recipients=world.recipients(["+77051112233,A,17", "+77051112234,B,"], header="phone,name,tpl"),
        rejects=tmp_path / "rejects.csv",
    )
    imported = world.wait(world.sender.import_campaign(plan))
    assert (imported.messages, imported.rejected) == (1, 1)
    assert "TLV 0x1401" in (tmp_path / "rejects.csv").read_text(encoding="utf-8")
    world.wait(world.sender.start())
    assert world.send().delivered == 1
    (submitted,) = world.beeline.submits
    reference = submitted.pdu.tlvs[-1]
    assert submitted.pdu.tlvs == (Tlv(0x1401, b"17"), Tlv(0x0204, reference.value))
    assert int.from_bytes(reference.value, "big") > 0
    world.process.kill()


@pytest.mark.parametrize("changed", ["alphabets: [latin1, ucs2]", 'tlvs: [{tag: 0x1401, value: "{tpl}"}]'])
def test_a_configuration_that_changed_ends_a_message_and_not_the_sender(tmp_path: Path, changed: str) -> None:
    world = World(tmp_path)
    world.load(2, template="Hi {name}")
    key, _, value = changed.partition(": ")
    world.config = world.config.replace("    port: 2775\n", f"    port: 2775\n    {key}: {value}\n")
    world.restart()
    world.wait(world.sender.start())
    report = world.send()
    sendable = key == "alphabets"
    assert (report.delivered, report.failed) == ((2, 0) if sendable else (0, 2))
    reasons = [(failure.reason, failure.messages) for failure in report.failures]
    assert reasons == ([] if sendable else [("the account cannot carry the text", 2)])
    world.process.kill()
