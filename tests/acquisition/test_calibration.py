"""The calibration without a screen: every way through it, and that the tracker is never left in its mode."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquisition.calibration import (
    FIVE,
    NINE,
    VALIDATION_FOUR,
    VALIDATION_NINE,
    Aborted,
    Accepted,
    Begun,
    Collected,
    Computed,
    Do,
    EyesChosen,
    Failed,
    Judged,
    Order,
    Procedure,
    RedoAll,
    RedoPoint,
    Rested,
    Stage,
    after,
)
from acquisition.domain import TargetQuality
from acquisition.sources.base import CalibrationResult, Eyes
from acquisition.validation import NOTHING

GOOD = CalibrationResult(Eyes.BOTH)


def _judged(target, start_ns=0):
    return Judged(TargetQuality(*target, start_ns, start_ns + 1, NOTHING, NOTHING, NOTHING))


class Hands:
    """Does what it is told and answers; remembers the orders."""

    def __init__(self, procedure, *, unseen=(), result=GOOD):
        self.now, self.orders = procedure, []
        self.unseen, self.result = Counter(unseen), result

    def say(self, happening):
        self.now, orders = after(self.now, happening)
        self.orders += orders
        for order in orders:
            self._follow(order)

    def _follow(self, order):
        match order.do:
            case Do.SHOW:
                assert self.now.target == order.target
                self.say(Rested())
            case Do.COLLECT:
                self.unseen[order.target] -= 1
                self.say(Collected(self.unseen[order.target] < 0))
            case Do.COMPUTE:
                self.say(Computed(self.result))
            case Do.LOOK:
                self.say(_judged(order.target))

    def did(self, verb):
        return [order.target for order in self.orders if order.do is verb]


def test_all_targets_are_collected_then_others_are_looked_at():
    hands = Hands(Procedure(FIVE, VALIDATION_FOUR))
    hands.say(Begun())
    assert hands.now.stage is Stage.RESULT
    assert hands.did(Do.COLLECT) == list(FIVE)
    assert hands.did(Do.LOOK) == list(VALIDATION_FOUR)
    assert [(q.x, q.y) for q in hands.now.judged] == list(VALIDATION_FOUR)
    verbs = [order.do for order in hands.orders]
    assert verbs[0] is Do.ENTER
    assert verbs.index(Do.COMPUTE) < verbs.index(Do.LOOK)
    assert Do.LEAVE not in verbs
    hands.say(Accepted())
    assert [order.do for order in hands.orders[-2:]] == [Do.LEAVE, Do.KEEP]
    assert hands.now.stage is Stage.DONE
    assert not hands.now.is_entered


@pytest.mark.parametrize("targets", [FIVE, NINE, VALIDATION_FOUR, VALIDATION_NINE])
def test_targets_are_distinct_and_on_the_display(targets):
    assert len(set(targets)) == len(targets)
    assert all(0 < x < 1 and 0 < y < 1 for x, y in targets)


@pytest.mark.parametrize("calibration", [FIVE, NINE])
def test_validation_targets_are_no_calibration_targets(calibration):
    assert not set(calibration) & set(VALIDATION_FOUR)
    assert set(calibration) & set(VALIDATION_NINE) == {(0.5, 0.5)}


def test_a_source_calibrated_elsewhere_goes_straight_to_the_validation():
    hands = Hands(Procedure((), VALIDATION_FOUR))
    hands.say(Begun())
    assert {order.do for order in hands.orders} == {Do.SHOW, Do.LOOK}
    hands.say(Accepted())
    assert hands.orders[-1] == Order(Do.KEEP)
    assert Do.LEAVE not in {order.do for order in hands.orders}


def test_a_target_without_eyes_is_tried_once_more_then_missed():
    hands = Hands(Procedure(FIVE, VALIDATION_FOUR), unseen={FIVE[1]: 1, FIVE[3]: 2})
    hands.say(Begun())
    assert Counter(hands.did(Do.COLLECT)) == {**dict.fromkeys(FIVE, 1), FIVE[1]: 2, FIVE[3]: 2}
    assert hands.now.missed == (FIVE[3],)
    assert hands.now.stage is Stage.RESULT


def test_a_failed_calibration_says_how_many_targets_it_had_and_can_be_begun_again():
    hands = Hands(Procedure(FIVE, VALIDATION_FOUR), unseen={FIVE[0]: 9}, result=CalibrationResult(None))
    hands.say(Begun())
    assert hands.now.stage is Stage.TROUBLE
    assert "4 of 5 targets" in hands.now.problem
    assert hands.orders[-1].do is Do.LEAVE
    hands.result = GOOD
    hands.say(RedoAll())
    assert hands.now.stage is Stage.RESULT
    assert hands.now.problem == ""


def test_one_eye_is_what_counts_where_only_one_was_calibrated():
    hands = Hands(Procedure(FIVE, VALIDATION_FOUR), result=CalibrationResult(Eyes.LEFT))
    hands.say(Begun())
    assert hands.now.eyes is Eyes.LEFT
    hands.say(EyesChosen(Eyes.RIGHT))
    assert hands.now.eyes is Eyes.RIGHT


def test_redoing_a_target_collects_the_nearest_calibration_target_and_looks_at_this_one_alone():
    hands = Hands(Procedure(FIVE, VALIDATION_FOUR))
    hands.say(Begun())
    before, hands.orders = hands.now.judged, []
    hands.say(RedoPoint(VALIDATION_FOUR[0]))
    assert [(order.do, order.target) for order in hands.orders] == [
        (Do.DISCARD, (0.5, 0.5)),
        (Do.SHOW, (0.5, 0.5)),
        (Do.COLLECT, (0.5, 0.5)),
        (Do.COMPUTE, None),
        (Do.SHOW, VALIDATION_FOUR[0]),
        (Do.LOOK, VALIDATION_FOUR[0]),
    ]
    assert hands.now.stage is Stage.RESULT
    assert len(hands.now.judged) == len(before)


def test_redoing_a_target_of_a_source_calibrated_elsewhere_looks_again():
    hands = Hands(Procedure((), VALIDATION_FOUR))
    hands.say(Begun())
    hands.orders = []
    hands.say(RedoPoint(VALIDATION_FOUR[2]))
    assert [order.do for order in hands.orders] == [Do.SHOW, Do.LOOK]


def test_redoing_all_leaves_the_mode_before_it_is_entered_again():
    hands = Hands(Procedure(FIVE, VALIDATION_FOUR))
    hands.say(Begun())
    hands.orders = []
    hands.say(RedoAll())
    assert [order.do for order in hands.orders[:2]] == [Do.LEAVE, Do.ENTER]


def test_what_does_not_fit_changes_nothing():
    start = Procedure(FIVE, VALIDATION_FOUR)
    for happening in (Rested(), Collected(True), Computed(GOOD), Accepted(), RedoAll()):
        assert after(start, happening) == (start, ())
    begun, _ = after(start, Begun())
    assert after(begun, Begun()) == (begun, ())
    assert after(begun, RedoPoint(VALIDATION_FOUR[0])) == (begun, ())


HAPPENINGS = st.one_of(
    st.sampled_from([Begun(), Rested(), RedoAll(), Accepted(), Aborted(), Failed("The tracker is gone.")]),
    st.builds(Collected, st.booleans()),
    st.sampled_from(
        [Computed(GOOD), Computed(CalibrationResult(None)), Computed(CalibrationResult(Eyes.LEFT))]
    ),
    st.sampled_from(VALIDATION_FOUR).map(RedoPoint),
    st.sampled_from(VALIDATION_FOUR).map(_judged),
)


@given(st.lists(HAPPENINGS, max_size=60))
def test_whatever_happens_the_mode_is_entered_once_and_left_at_every_end(happenings):
    now, is_entered = Procedure(FIVE, VALIDATION_FOUR), False
    for happening in happenings:
        now, orders = after(now, happening)
        for order in orders:
            assert (order.target is not None) == (order.do in (Do.SHOW, Do.COLLECT, Do.DISCARD, Do.LOOK))
            if order.do is Do.ENTER:
                assert not is_entered
                is_entered = True
            elif order.do is Do.LEAVE:
                assert is_entered
                is_entered = False
            elif order.do in (Do.COLLECT, Do.DISCARD, Do.COMPUTE):
                assert is_entered
        assert now.is_entered == is_entered
        if now.stage in (Stage.DONE, Stage.ABORTED, Stage.TROUBLE):
            assert not is_entered
        assert now.stage is not Stage.TROUBLE or now.problem
