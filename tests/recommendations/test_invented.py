"""Data for who has none, and files as they are published."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.peers import invented
from benchmarks.peers.invented import Size
from benchmarks.recommendations import published


def test_invented_data_are_the_same_for_a_seed_and_look_like_those_they_stand_for() -> None:
    size = Size(200, 300, 6000)
    one, again, other = (invented.ratings(size, seed) for seed in (1, 1, 2))
    assert np.array_equal(one.value, again.value)
    assert not np.array_equal(one.item, other.item)
    assert set(one.value.tolist()) == {1, 2, 3, 4, 5}
    assert one.value.mean() == pytest.approx(invented.MEAN_STARS, abs=0.15)
    courses = invented.enrolments(Size(2000, 1000, 24_000), 1)
    few, many = np.quantile(courses.takers, [0.5, 0.99])
    assert many > 4 * few > 0


def test_what_is_in_both_published_files_is_not_asked_for(tmp_path: Path) -> None:
    train, test = tmp_path / "train.csv", tmp_path / "test.csv"
    train.write_text("user,item\na,x\na,y\nb,x\n")
    test.write_text("user,item\na,x\nb,y\nc,z\n")
    split = published(train, test)
    assert (split.train.users, split.train.items) == (3, 3)
    assert [history.item.tolist() for history in split.test.histories()] == [[], [1], [2]]
