import json

from sender.domain.message import State
from sender.domain.report import CampaignReport, Failure

REPORT = CampaignReport(
    campaign=1,
    name="evening",
    rows=12,
    rejected_rows=2,
    messages=10,
    queued=0,
    in_flight=1,
    in_doubt=1,
    delivered=6,
    failed=2,
    cancelled=0,
    blocked=0,
    states={state.label: 0 for state in State},
    accepted=8,
    failures=(Failure("ESME_RINVDSTADR", "submit", 1), Failure("UNDELIV 069", "receipt", 1)),
    doubts={"response timeout": 1},
    segments=11,
    submits=13,
    retries=1,
    resends=1,
    receipts=9,
    repeated_receipts=1,
    doubts_resolved=0,
    started_at=100.0,
    finished_at=160.0,
    duration=60.0,
    submit_duration=10.0,
    messages_per_second=0.8,
)


def test_the_report_as_json_has_the_same_names_and_values():
    document = REPORT.to_json()
    assert document.endswith(b"}\n")
    read = json.loads(document)
    assert read["failures"][0] == {"reason": "ESME_RINVDSTADR", "stage": "submit", "messages": 1}
    assert set(read) == set(CampaignReport.__struct_fields__)


def test_the_share_of_delivered_messages():
    assert REPORT.delivered_share == 0.6
