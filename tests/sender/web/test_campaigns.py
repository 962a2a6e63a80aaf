"""Campaigns over the API: of a list or of a file, durable before they are answered, held and let go."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest

from tests.sender.web.conftest import Site

CAMPAIGNS = "/v1/campaigns"
FORM = {"from": "SHOP", "template": "Dear {name|client}", "name": "Evening"}
LIST = {**FORM, "recipients": [{"to": "+77051112233", "name": "Aset"}, {"to": "+77051112234"}]}
CSV = b"phone,name\n+77051112233,Aset\nx,y\n"


def made(site: Site) -> list[Path]:
    return sorted(site.api.uploads.iterdir()) if site.api.uploads.exists() else []


def upload(
    site: Site, secret: str, content: bytes = CSV, name: str = "people.csv", form: Any = None, **more: Any
) -> Any:
    import json

    files = {"recipients": (name, content, "text/csv")}
    return site.client(secret).post(
        CAMPAIGNS, files=files, data={"campaign": json.dumps(FORM if form is None else form)}, **more
    )


def test_a_campaign_is_made_of_a_list(site: Site) -> None:
    answer = site.client(site.token("campaigns")).post(CAMPAIGNS, json=LIST)
    assert (answer.status_code, answer.json()) == (202, {"id": 1, "state": "importing"})
    (path,) = made(site)
    assert path.read_text() == "to,name\n+77051112233,Aset\n+77051112234,\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    (campaign,) = site.campaigns
    assert (campaign.name, campaign.recipients) == ("Evening", str(path))
    assert site.query("SELECT action, target FROM audit") == [("campaigns.make", "campaign 1")]


def test_a_campaign_is_made_of_a_file(site: Site) -> None:
    assert upload(site, site.token("campaigns")).status_code == 202
    (path,) = made(site)
    assert path.read_bytes() == CSV
    assert path.suffix == ".csv"


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "/etc/cron.d/x.csv", "..\\..\\x.csv", "a\x00b.csv", "x" * 300 + ".csv", ".csv", "x.exe"],
)
def test_the_name_of_a_file_leads_nowhere(site: Site, name: str) -> None:
    answer = upload(site, site.token("campaigns"), name=name)
    assert answer.status_code in (202, 400)
    for path in made(site):
        assert path.parent == site.api.uploads
        assert path.name.startswith("campaign-")
    assert {path.name for path in site.path.iterdir()} <= {
        "uploads", "campaign.sqlite", "campaign.sqlite-wal", "campaign.sqlite-shm", "campaign.sqlite.lock",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({**FORM, "template": "{nam}"}, "template"),
        ({**FORM, "template": "{"}, "template"),
        ({**FORM, "from": "A name too long"}, "from"),
        ({**FORM, "starts_at": "soon"}, "starts_at"),
        ({**FORM, "expires_at": "x"}, "expires_at"),
        ({"template": "x"}, "from"),
        ({**FORM, "recipents": []}, "recipents"),
    ],
)
def test_what_is_wrong_with_a_campaign_leaves_nothing_behind(site: Site, form: dict[str, Any], field: str) -> None:
    answer = upload(site, site.token("campaigns"), form=form)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["errors"][0]["field"] == field
    assert made(site) == []
    assert site.campaigns == []
    assert site.query("SELECT count(*) FROM campaigns") == [(0,)]


def test_a_file_without_a_number_column_is_refused(site: Site) -> None:
    answer = upload(site, site.token("campaigns"), b"a,name\n1,2\n", form={**FORM, "template": "hi"})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "recipients")
    assert made(site) == []


def test_a_file_that_is_too_large_is_refused(sites: Any) -> None:
    site: Site = sites(serve="serve: {largest_upload: 1KiB}\n")
    assert upload(site, site.token("campaigns"), b"phone\n" + b"1" * 2000).status_code == 413
    assert made(site) == []


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "multipart/form-data; boundary=x", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\n\r\n--x--\r\n", "multipart/form-data; boundary=x", 400),
        (b"--x--\r\n", "multipart/form-data; boundary=x", 400),
        (b"--x--\r\n", "multipart/form-data", 415),
        (b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n' + b"y" * 70_000 + b"\r\n--x--\r\n",
         "multipart/form-data; boundary=x", 413),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_refused(site: Site, content: bytes, kind: str, status: int) -> None:
    answer = site.client(site.token("campaigns")).post(CAMPAIGNS, content=content, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text
    assert made(site) == []


def test_two_files_are_one_too_many(site: Site) -> None:
    files = [("recipients", ("a.csv", CSV, "text/csv")), ("recipients", ("b.csv", CSV, "text/csv"))]
    assert site.client(site.token("campaigns")).post(CAMPAIGNS, files=files).status_code == 400
    assert made(site) == []


def test_the_same_key_makes_one_campaign(site: Site) -> None:
    secret = site.token("campaigns")
    client = site.client(secret)
    first = client.post(CAMPAIGNS, json=LIST, headers={"Idempotency-Key": "a"})
    again = client.post(CAMPAIGNS, json=LIST, headers={"Idempotency-Key": "a"})
    assert (again.status_code, again.content) == (202, first.content)
    other = client.post(CAMPAIGNS, json={**LIST, "name": "other"}, headers={"Idempotency-Key": "a"})
    assert other.status_code == 422
    assert len(made(site)) == len(site.campaigns) == 1
    uploaded = [upload(site, secret, content, headers={"Idempotency-Key": "b"}) for content in (CSV, CSV, CSV + b"\n")]
    assert [answer.status_code for answer in uploaded] == [202, 202, 422]


def test_a_token_makes_campaigns_only_from_its_senders(site: Site) -> None:
    answer = site.client(site.token("campaigns", senders=("BANK",))).post(CAMPAIGNS, json=LIST)
    assert (answer.status_code, answer.json()["errors"][0]["remedy"]) == (403, "one of: BANK")
    assert made(site) == []


def test_a_campaign_is_held_and_let_go(site: Site) -> None:
    secret = site.token("campaigns", "send")
    client = site.client(secret)
    client.post("/v1/messages", json={"to": "+77051112233", "from": "SHOP", "text": "hi"})
    states = [client.post(f"{CAMPAIGNS}/1/{what}").json()["state"] for what in ("pause", "pause", "resume", "cancel")]
    assert states == ["paused", "paused", "running", "cancelled"]
    assert client.post(f"{CAMPAIGNS}/1/resume").status_code == 409
    outcomes = site.query("SELECT action, outcome FROM audit WHERE id > 1 ORDER BY id")
    assert outcomes[:2] == [("campaigns.pause", "done"), ("campaigns.pause", "as it was")]


def test_campaigns_of_others_are_not_there(site: Site) -> None:
    site.client(site.token("campaigns")).post(CAMPAIGNS, json=LIST)
    stranger = site.client(site.token("campaigns", "read", name="bank"))
    for path in ("", "/report"):
        assert stranger.get(f"{CAMPAIGNS}/1{path}").status_code == 404
    assert stranger.post(f"{CAMPAIGNS}/1/cancel").status_code == 404
    assert stranger.get(CAMPAIGNS).json() == {"campaigns": [], "next": None}


def test_a_campaign_and_its_report_are_read(site: Site) -> None:
    client = site.client(site.token("campaigns"))
    for _ in range(3):
        client.post(CAMPAIGNS, json=LIST)
    page = client.get(f"{CAMPAIGNS}?limit=2").json()
    assert ([it["id"] for it in page["campaigns"]], page["next"]) == ([3, 2], 2)
    assert [it["id"] for it in client.get(f"{CAMPAIGNS}?limit=2&cursor=2").json()["campaigns"]] == [1]
    view = client.get(f"{CAMPAIGNS}/1").json()
    assert (view["state"], view["class"], view["from"]) == ("importing", "service", "SHOP")
    assert client.get(f"{CAMPAIGNS}/1/report").json()["campaign"] == 1
