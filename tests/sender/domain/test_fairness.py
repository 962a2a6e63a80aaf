from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sender.domain.fairness import QUANTUM, FairQueue, Share


class Campaigns:
    """Queues of so many messages each, and what was taken from them in which order."""

    def __init__(self, **sizes: int) -> None:
        self.left = {int(name[1:]): size for name, size in sizes.items()}
        self.taken: list[int] = []
        self.fetches = 0

    def fetch(self, campaign: int, count: int) -> int:
        self.fetches += 1
        found = min(count, self.left[campaign])
        self.left[campaign] -= found
        self.taken += [campaign] * found
        return found


def test_a_campaign_of_a_million_does_not_starve_one_of_ten():
    campaigns = Campaigns(c1=1_000_000, c2=10)
    fair = FairQueue()
    fair.update([Share(1, 5), Share(2, 5)])
    assert fair.take(50, campaigns.fetch) == 50
    assert campaigns.left[2] == 0


def test_campaigns_of_one_priority_share_by_weight():
    campaigns = Campaigns(c1=100_000, c2=100_000, c3=100_000)
    fair = FairQueue()
    fair.update([Share(1, 5, 3), Share(2, 5), Share(3, 5)])
    for _ in range(50):
        fair.take(100, campaigns.fetch)
    assert Counter(campaigns.taken) == {1: 3000, 2: 1000, 3: 1000}


def test_the_higher_priority_goes_first_and_the_rest_of_the_batch_to_the_lower():
    campaigns = Campaigns(c1=1000, c2=30)
    fair = FairQueue()
    fair.update([Share(1, 2), Share(2, 9)])
    fair.take(100, campaigns.fetch)
    assert campaigns.taken == [2] * 30 + [1] * 70


def test_a_batch_that_ends_within_a_turn_goes_on_with_it():
    campaigns = Campaigns(c1=1000, c2=1000)
    fair = FairQueue()
    fair.update([Share(1, 5), Share(2, 5)])
    for _ in range(8):
        fair.take(QUANTUM // 4, campaigns.fetch)
    assert campaigns.taken == [1] * QUANTUM + [2] * QUANTUM


def test_an_update_keeps_the_turns_and_forgets_campaigns_that_are_done():
    campaigns = Campaigns(c1=1000, c2=1000, c3=1000)
    fair = FairQueue()
    fair.update([Share(1, 5), Share(2, 5)])
    fair.take(QUANTUM, campaigns.fetch)
    fair.update([Share(3, 5), Share(2, 5)])
    fair.take(2 * QUANTUM, campaigns.fetch)
    assert campaigns.taken == [1] * QUANTUM + [2] * QUANTUM + [3] * QUANTUM
    assert len(fair) == 2


def test_a_campaign_may_change_its_priority():
    campaigns = Campaigns(c1=1000, c2=1000)
    fair = FairQueue()
    fair.update([Share(1, 5), Share(2, 5)])
    fair.update([Share(1, 5), Share(2, 7)])
    fair.take(10, campaigns.fetch)
    assert campaigns.taken == [2] * 10


def test_a_claim_looks_at_as_many_campaigns_as_it_can_serve_and_not_at_all_of_them():
    campaigns = Campaigns(**{f"c{number}": 1000 for number in range(1, 1001)})
    fair = FairQueue()
    fair.update(Share(number, 5) for number in range(1, 1001))
    fair.take(500, campaigns.fetch)
    assert campaigns.fetches == 500 // QUANTUM


sizes = st.lists(st.tuples(st.integers(0, 200), st.integers(0, 9), st.integers(1, 5)), min_size=1, max_size=8)


@given(sizes, st.lists(st.integers(1, 100), min_size=1, max_size=10))
def test_nothing_is_taken_twice_or_left_while_there_is_room_and_it_is_the_same_every_time(campaigns, limits):
    def run() -> list[int]:
        queues = Campaigns(**{f"c{number}": size for number, (size, _, _) in enumerate(campaigns)})
        fair = FairQueue()
        for limit in limits:
            fair.update(Share(n, priority, weight) for n, (_, priority, weight) in enumerate(campaigns))
            before = sum(queues.left.values())
            assert fair.take(limit, queues.fetch) == min(limit, before)
        return queues.taken

    assert run() == run()
