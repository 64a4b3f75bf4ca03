"""Which of the best are shown: never too much of one topic, and new ones for the share that is theirs."""

from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.recommendations.showing import FIT, NEW, OF_ONE_TOPIC, fits_in, softened, varied, with_new

SIZE = 5
topics = st.lists(st.sets(st.sampled_from("abcdef"), min_size=1, max_size=3), max_size=20).map(
    lambda drawn: dict(enumerate(drawn))
)


@given(topics, st.integers(1, 7))
def test_everything_comes_once_and_no_page_has_a_topic_three_times(
    topics: dict[int, set[str]], size: int
) -> None:
    pages = varied(list(topics), topics, size)
    assert sorted(item for page in pages for item in page) == sorted(topics)
    for page in pages:
        assert 0 < len(page) <= size
        for topic in "abcdef":
            assert sum(topic in topics[item] for item in page) <= OF_ONE_TOPIC


@given(topics)
def test_the_best_is_first_and_what_had_no_room_comes_next(topics: dict[int, set[str]]) -> None:
    pages = varied(list(topics), topics, SIZE)
    for page in pages:
        assert page == sorted(page)
    firsts = [page[0] for page in pages]
    assert firsts == sorted(firsts)


def test_a_page_that_is_begun_is_filled_from_behind() -> None:
    topics = {1: {"a"}, 2: {"a"}, 3: {"a"}, 4: {"b"}}
    assert varied([3, 4], topics, 3, begun=[1, 2]) == [[1, 2, 4], [3]]
    assert varied([], topics, 3, begun=[1]) == [[1]]
    assert varied([], topics, 3) == []
    assert not fits_in([1, 2], 3, topics)


@pytest.mark.parametrize("share", [0.02, 0.1, 0.2])
def test_new_ones_get_their_share_of_all_places(share: float) -> None:
    rng, pages = Random(3), 4000
    shown = [with_new([1, 2, 3, 4, 5], [8, 9], np.zeros(2, np.float32), share, rng) for _ in range(pages)]
    new = [place for page in shown for place in page if place.why == NEW]
    assert len(new) / (pages * SIZE) == pytest.approx(share, rel=0.15)
    # What is shown by chance stands last, and the chance that is written down is the one by which it was drawn.
    assert all(page[:-1] == shown[0][:-1] and page[-1].item in (5, 8, 9) for page in shown)
    for item in (8, 9):
        drawn = [place.chance for place in new if place.item == item]
        assert len(drawn) / pages == pytest.approx(drawn[0], rel=0.2)
    assert all(place.chance == 1 and place.why == FIT for page in shown for place in page[:-1])
    kept = [page[-1].chance for page in shown if page[-1].why == FIT]
    assert kept == pytest.approx([1 - share * SIZE] * len(kept))
    assert len(kept) + len(new) == pages


def test_better_ones_are_likelier_but_nobody_is_without_a_chance() -> None:
    likely = softened(np.array([0.0, 1.0, -1.0], np.float32))
    assert likely.sum() == pytest.approx(1)
    assert likely[1] > likely[0] > likely[2] > 0
    assert likely[1] / likely[0] == pytest.approx(np.e, rel=1e-5)


def test_without_new_ones_or_without_a_share_nothing_is_left_to_chance() -> None:
    page = [1, 2, 3]
    for new, share in (([], 0.5), ([9], 0.0)):
        places = with_new(page, new, np.zeros(len(new), np.float32), share, Random(1))
        assert [(place.item, place.why, place.chance) for place in places] == [
            (each, FIT, 1.0) for each in page
        ]
    assert with_new([], [9], np.zeros(1, np.float32), 0.5, Random(1)) == []
