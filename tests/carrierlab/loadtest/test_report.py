from __future__ import annotations

import msgspec

from carrierlab.exit_codes import FAILED, PASSED
from carrierlab.loadtest.limit import Doing, Found, Probe, Tried
from carrierlab.loadtest.profile import Mode, Profile
from carrierlab.loadtest.report import Result, document, lines
from carrierlab.loadtest.tally import Tally
from carrierlab.loadtest.thresholds import judge
from yamlmodel.loader import loads

PROFILE = loads(
    'profile: A try\ntarget: {smpp: "127.0.0.1:2775", accounts: [{system_id: a, password: b}]}\n'
    "mode: open\nshape: {shape: steady, at: 10/s, for: 1m}\nthresholds: {errors: 10%, lost_receipts: 0}",
    Profile,
)


def measured(lag: float = 0.001) -> Tally:
    tally = Tally(due=4, written=4, seconds=2.0)
    for seconds, error in ((0.01, None), (0.02, None), (0.03, "ESME_RTHROTTLED (0x58)"), (None, "response timeout")):
        tally.request("submit_sm", seconds, error)
        tally.lag.add(lag)
        tally.service.add(0.005)
    tally.receipts.matched, tally.receipts.lost, tally.receipts.unknown = 1, 1, 2
    return tally


def result(tally: Tally, **more: object) -> Result:
    verdicts = judge(PROFILE.thresholds, tally, PROFILE.sent)
    return Result(PROFILE, "127.0.0.1:2775", tally, verdicts, **more)  # type: ignore[arg-type]


def text(made: Result) -> str:
    return "\n".join(lines(made))


def test_the_text_has_latencies_failures_receipts_and_verdicts() -> None:
    said = text(result(measured()))
    assert "submit_sm                       4        2        20        30        30        30" in said
    assert "failed: submit_sm: ESME_RTHROTTLED (0x58): 1 (25.00%)" in said
    assert "receipts 1, still awaited 0, lost 1 (0 of them came late), unknown 2, repeated 0" in said
    assert "✗ errors: 50.00% (2 of 4), expected 10% at most" in said
    assert "throughput 1.0/s" in said
    assert "late itself" not in said


def test_a_generator_that_is_late_says_so_and_what_to_use_instead() -> None:
    made = result(measured(lag=0.2))
    assert made.late_generator
    assert "the generator was late itself (p99 200 ms)" in text(made)
    assert "carrierlab blast" in text(made)


def test_a_closed_loop_that_the_safety_rate_held_back_says_so() -> None:
    closed = msgspec.structs.replace(PROFILE, mode=Mode.CLOSED)
    tally = measured()
    tally.held_back = 2
    assert "held the users back" not in text(Result(closed, "127.0.0.1:2775", tally, []))
    tally.held_back = 3
    assert "safety.rate (200/s) held the users back" in text(Result(closed, "127.0.0.1:2775", tally, []))


def test_a_worker_that_was_lost_is_told() -> None:
    assert "1 of 2 workers lost on the way" in text(result(measured(), workers=2, lost_workers=1))


def test_why_nothing_was_tested_is_all_there_is_to_say() -> None:
    said = text(result(Tally(), unusable="a cannot bind: ESME_RINVPASWD (0x0E)"))
    assert "nothing was tested: a cannot bind: ESME_RINVPASWD (0x0E)" in said
    assert "submit_sm" not in said


def test_a_search_tells_its_steps_and_what_it_found() -> None:
    tried = [Tried(Probe(1, 20.0, 10.0, Doing.RAISING), []), Tried(Probe(2, 40.0, 10.0, Doing.RAISING), ["p99"])]
    found = Found(20.0, "p99")
    said = text(result(measured(), tried=tried, found=found))
    assert "raising 20/s for 10 s: held\nraising 40/s for 10 s: p99\nlimit: 20/s; beyond it: p99" in said
    assert "does not hold already" in text(result(measured(), found=Found(None, "p99")))
    assert "20/s at least" in text(result(measured(), found=Found(20.0, "nothing broke", open_end=True)))
    assert "no limit found" in text(result(measured(), found=Found(20.0, "slow", open_end=True, inconclusive=True)))


def test_the_document_is_json_with_milliseconds() -> None:
    made = msgspec.json.decode(msgspec.json.encode(document(result(measured()), FAILED)))
    assert (made["format"], made["version"], made["exit_code"]) == ("carrierlab load report", 1, FAILED)
    assert made["requests"]["submit_sm"]["latency"] == {"p50": 20.0, "p95": 30.0, "p99": 30.0, "max": 30.0}
    assert made["receipts"]["unknown"] == 2
    assert made["generator"] == {"lag": {"p50": 1.0, "p95": 1.0, "p99": 1.0, "max": 1.0}, "late": False}
    assert [(each["what"], each["state"]) for each in made["thresholds"]] == [
        ("errors", "broken"),
        ("lost receipts", "broken"),
    ]
    assert document(result(measured(), found=Found(20.0, "p99")), PASSED)["limit"]["rate"] == 20.0
