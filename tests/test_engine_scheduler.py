"""The order in which queries are taken, what is learned of costs, who is refused; on a clock of our own."""

from __future__ import annotations

import pytest

from fmgraph.errors import BusyError
from fmgraph.server.guard import LOOKUP, NORMAL, SUSPICIOUS
from fmgraph.server.pool.scheduler import Job, Scheduler
from fmgraph.settings import Settings


def job(
    name: str, client: str = "c", guess: int = NORMAL, arrived: float = 0.0, *, trusted: bool = False
) -> Job:
    return Job(name, f"template of {name}", client, guess, trusted, b"", arrived)


def take_all(scheduler: Scheduler, now: float = 0.0) -> list[str]:
    taken = []
    while (found := scheduler.next_quick(now, lookups_only=False) or scheduler.next_slow(now)) is not None:
        taken.append(found.key)
    return taken


def test_cheap_ones_go_first_and_suspicious_ones_wait_apart() -> None:
    scheduler = Scheduler(Settings())
    for name, guess in (("slow", SUSPICIOUS), ("normal", NORMAL), ("lookup", LOOKUP)):
        scheduler.admit(job(name, guess=guess), 0)
    scheduler.admit(job("ours", guess=SUSPICIOUS, arrived=1, trusted=True), 1)
    assert scheduler.lookup_waits()
    assert take_all(scheduler) == ["ours", "lookup", "normal", "slow"]
    assert not scheduler.lookup_waits()


def test_the_kept_place_takes_lookups_only() -> None:
    scheduler = Scheduler(Settings())
    scheduler.admit(job("normal"), 0)
    assert scheduler.next_quick(0, lookups_only=True) is None
    scheduler.admit(job("lookup", guess=LOOKUP), 0)
    found = scheduler.next_quick(0, lookups_only=True)
    assert found is not None
    assert found.key == "lookup"


def test_who_has_used_least_lately_goes_first() -> None:
    scheduler = Scheduler(Settings())
    scheduler.charge(job("past", "greedy"), 10, 0)
    scheduler.charge(job("past", "modest"), 1, 0)
    for number in range(3):
        scheduler.admit(job(f"greedy {number}", "greedy", arrived=number), 5)
    scheduler.admit(job("modest", "modest", arrived=4), 5)
    scheduler.admit(job("new", "new", arrived=5), 5)
    assert take_all(scheduler, 5) == ["new", "modest", "greedy 0", "greedy 1", "greedy 2"]
    assert scheduler.used("greedy", 20) == pytest.approx(5)
    assert scheduler.used("greedy", 4000) == pytest.approx(0)


def test_what_a_query_took_is_remembered_for_it_and_its_template() -> None:
    scheduler = Scheduler(Settings(quick_seconds=0.25))
    known = job("q", guess=LOOKUP)
    scheduler.learn(known, 3)
    again, sibling = job("q", guess=LOOKUP), job("r", guess=LOOKUP)
    sibling.template = known.template
    for found, cost in ((again, SUSPICIOUS), (sibling, NORMAL)):  # its own constants may be selective
        scheduler.admit(found, 0)
        assert found.cost == cost
    loose = job("loose", guess=NORMAL)
    loose.template = known.template
    scheduler.admit(loose, 0)
    assert loose.cost == SUSPICIOUS
    cheap = job("cheap", guess=NORMAL)
    scheduler.learn(cheap, 0.001)
    scheduler.admit(cheap, 0)
    assert cheap.cost == LOOKUP
    disguised = job("s", guess=SUSPICIOUS)
    scheduler.learn(disguised, 0.001)
    scheduler.admit(disguised, 0)
    assert disguised.cost == NORMAL


def test_cheap_examples_do_not_make_a_dear_template_cheap_at_once() -> None:
    scheduler = Scheduler(Settings(quick_seconds=0.25))
    dear = job("dear")
    scheduler.learn(dear, 5)
    for number in range(3):
        example = job(f"example {number}")
        example.template = dear.template
        scheduler.learn(example, 0.001)
    other = job("other")
    other.template = dear.template
    scheduler.admit(other, 0)
    assert other.cost == SUSPICIOUS


def test_one_dear_example_does_not_hold_up_a_cheap_template() -> None:
    scheduler = Scheduler(Settings(quick_seconds=0.25))
    for number in range(20):
        example = job(f"example {number}", guess=LOOKUP)
        example.template = "t"
        scheduler.learn(example, 0.9 if number == 10 else 0.001)
    other = job("other", guess=LOOKUP)
    other.template = "t"
    scheduler.admit(other, 0)
    assert other.cost == LOOKUP


def test_among_equals_the_one_known_to_be_cheap_goes_first_and_another_dataset_is_learned_anew() -> None:
    scheduler = Scheduler(Settings())
    scheduler.learn(job("cheap"), 0.001)
    scheduler.admit(job("unknown", guess=LOOKUP, arrived=0), 1)
    scheduler.admit(job("cheap", guess=LOOKUP, arrived=1), 1)
    assert take_all(scheduler, 1) == ["cheap", "unknown"]
    scheduler.learn(dear := job("dear"), 5)
    scheduler.admit(dear, 1)
    assert dear.cost == SUSPICIOUS
    scheduler.forget()
    scheduler.admit(fresh := job("dear"), 0)
    assert fresh.cost == NORMAL


def test_a_query_that_ran_into_a_limit_is_refused_for_a_while() -> None:
    scheduler = Scheduler(Settings(penalty_seconds=60))
    scheduler.penalise(job("q"), "time, 10 s", 100)
    with pytest.raises(BusyError, match="time, 10 s") as caught:
        scheduler.admit(job("q", "someone else"), 110)
    assert caught.value.retry_after == 50
    scheduler.admit(job("other"), 110)
    scheduler.admit(job("q"), 161)


def test_a_client_has_a_bounded_share() -> None:
    scheduler = Scheduler(Settings(client_share=2))
    first = job("1", "a")
    scheduler.admit(first, 0)
    scheduler.admit(job("2", "a"), 0)
    with pytest.raises(BusyError, match="client"):
        scheduler.admit(job("3", "a"), 0)
    scheduler.admit(job("3", "b"), 0)
    scheduler.admit(job("ours", "a", trusted=True), 0)
    scheduler.leave(first)
    scheduler.leave(first)
    scheduler.admit(job("4", "a"), 0)


def test_a_full_lane_drops_the_last_in_its_order() -> None:
    scheduler = Scheduler(Settings(queue=2))
    scheduler.charge(job("past", "greedy"), 5, 0)
    greedy = job("greedy", "greedy")
    assert scheduler.admit(greedy, 0) is None
    assert scheduler.admit(job("1", "a"), 0) is None
    assert scheduler.admit(job("2", "b", LOOKUP), 0) is greedy
    with pytest.raises(BusyError, match="waiting"):
        scheduler.admit(job("3", "greedy"), 0)
    scheduler.admit(job("slow", "greedy", SUSPICIOUS), 0)  # the other lane has room
    assert take_all(scheduler) == ["2", "1", "slow"]


def test_waiting_has_an_end() -> None:
    scheduler = Scheduler(Settings(queue_seconds=5))
    early, late = job("early", arrived=0), job("late", arrived=4)
    for found in (early, late):
        scheduler.admit(found, found.arrived)
    assert scheduler.overdue(5.5) == [early]
    assert scheduler.overdue(5.5) == []
    assert scheduler.withdraw(late)
    assert not scheduler.withdraw(late)
    assert "5 s" in str(scheduler.refuse_waiting().limit)
