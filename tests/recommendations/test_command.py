"""`mentorbot evaluate recommendations [DATA]`: real files, a real process, clear sentences."""

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from bot.recommending import operations
from bot.stage import community, shelf
from core.recommendations.evaluation import reading, report
from core.recommendations.evaluation.reading import Fault, Table
from core.recommendations.interactions import Interactions
from core.store.tables import course_ratings, enrolments
from tests.recommendations.communities import taken, tasteful, two_camps
from tests.world import open_world, settings

ROOT = Path(__file__).parents[2]


def evaluate(path: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "bot", "evaluate", "recommendations", str(path), *more]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def written(community: Interactions, *, stars: bool) -> str:
    lines = zip(community.user.tolist(), community.item.tolist(), community.value.tolist(), strict=True)
    return "".join(f"u{user},c{item}{f',{value:g}' if stars else ''}\n" for user, item, value in lines)


def test_a_packed_file_is_judged_in_figures_for_a_program(tmp_path: Path) -> None:
    path = tmp_path / "taken.csv.gz"
    path.write_bytes(gzip.compress(("user,item\n" + written(two_camps(40), stars=False)).encode()))
    done = evaluate(path, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["protocol"], found["users"], found["items"], found["judged"]) == ("last", 40, 20, 40)
    low, high = found["ranks"]["blend"]["ndcg_interval"]
    assert low < found["ranks"]["blend"]["ndcg"] < high
    assert found["ranks"]["blend"]["ndcg"] > found["ranks"]["popularity"]["ndcg"]
    assert [point["taken"] for point in found["cold_start"]] == [0, 1, 2, 3, 5]
    assert found["misses"] == {}


def test_ratings_are_judged_in_folds_as_a_table(tmp_path: Path) -> None:
    path = tmp_path / "stars.csv"
    path.write_text(written(tasteful(40, 20), stars=True))
    done = evaluate(path, "--protocol", "folds")
    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0]
    assert first.endswith(" interactions of 40 users with 20 items")
    rows = {line[:18].strip(): float(line[18:27]) for line in done.stdout.splitlines()[4:]}
    assert set(rows) == {"baselines", "item neighbours", "factors", "kernel ridge", "rating blend"}
    assert rows["rating blend"] < rows["baselines"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "{path} holds no line of data; a line is user,item[,rating[,time]]."),
        ("user,item\n", "{path} holds no line of data; a line is user,item[,rating[,time]]."),
        ("u,a,5\nu,b,6\n", "{path}, line 2: the rating 6 is not between 1 and 5."),
        ("u,a,0\n", "{path}, line 1: the rating 0 is not between 1 and 5."),
        ("u,a,nan\n", "{path}, line 1: the rating is not a number (NaN)."),
        ("u,a,good\n", "{path}, line 1: the rating 'good' is not a number."),
        ("u,a\nu\n", "{path}, line 2: has 1 columns, where the first line has 2."),
        ("u\n", "{path}, line 1: has 1 columns; a line is user,item[,rating[,time]]."),
        ("u,a\n,b\n", "{path}, line 2: has no user."),
        (
            "u,a,3,yesterday\n",
            "{path}, line 1: the time 'yesterday' is neither seconds since 1970 nor a date like 2026-03-02T09:00.",
        ),
    ],
)
def test_a_faulty_file_is_answered_with_file_and_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text(text)
    found = reading.read(reading.text(path).splitlines())
    assert isinstance(found, tuple)
    assert reading.told(str(path), found) == [said.format(path=path)]


def test_the_command_says_what_is_wrong_and_fails(tmp_path: Path) -> None:
    path = tmp_path / "stars.csv"
    path.write_text("".join(f"u,c{number},{number}\n" for number in range(12)))
    done = evaluate(path)
    assert done.returncode == 1
    assert done.stdout == ""
    told = done.stderr.splitlines()
    assert told[0] == f"{path}, line 1: the rating 0 is not between 1 and 5."
    assert told[-1] == f"{path}: 2 more lines are faulty."


def test_what_is_no_file_of_data_is_answered_in_words(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    binary, half, none = (tmp_path / name for name in ("picture.csv", "half.csv.gz", "none.csv"))
    binary.write_bytes(b"\x89PNG\xff")
    half.write_bytes(gzip.compress(b"u,a\n" * 999)[:20])
    for path in (binary, half, none):
        assert operations.read(path) is None
    assert capsys.readouterr().err.splitlines() == [
        f"{binary} is not text in UTF-8.",
        f"{half}: Compressed file ended before the end-of-stream marker was reached",
        f"{none}: No such file or directory",
    ]


def test_repeated_lines_count_once_and_a_single_user_is_no_trouble(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text("u,a,1\nu,b,4\nu,a,5\n")
    done = evaluate(path)
    assert done.returncode == 0, done.stderr
    assert f"{path}: of 1 repeated lines the later ones count." in done.stderr

    alone = report.evaluate(taken((0,)), "last", rated=False)
    assert report.shown(alone)[-1] == "Nothing could be held out: nobody has two things."


@pytest.mark.parametrize("separator", [",", "\t", "::", ";"])
def test_columns_may_be_parted_in_several_ways(separator: str) -> None:
    lines = [
        separator.join(each)
        for each in (("196", "242", "3", "86400"), ("186", "302", "4", "1970-01-03T00:00"))
    ]
    table = reading.read(lines)
    assert isinstance(table, Table)
    assert (table.users, table.items, table.rated, table.timed) == (
        ("196", "186"),
        ("242", "302"),
        True,
        True,
    )
    assert table.interactions.value.tolist() == [3, 4]
    assert table.interactions.day is not None
    assert table.interactions.day.tolist() == [1, 2]


def test_only_the_first_faults_are_told() -> None:
    faults = tuple(Fault(number, "is odd") for number in range(1, 9))
    assert reading.told("f", faults) == [
        *(f"f, line {number}: is odd." for number in range(1, 6)),
        "f: 3 more lines are faulty.",
    ]


async def test_without_a_file_it_judges_what_was_taken_and_rated_here(
    store_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_world(store_url, "zoe stranger") as world:
        own = settings(store_url)
        assert operations.evaluate_own(own, "last", 1, as_json=True) == 1
        assert capsys.readouterr().err == "Nobody has taken a course yet.\n"
        cast = community.community(1)
        await community.seat(world.app, cast, world.clock.now)
        await shelf.stock(world.app)
        await shelf.take(world.app, cast, world.clock.now, 1)
        places, stars = len(await world.rows(enrolments)), len(await world.rows(course_ratings))
        asked: tuple[tuple[report.Protocol, int, str], ...] = (
            ("last", places, "ranks"),
            ("folds", stars, "misses"),
        )
        for protocol, lines, judged in asked:
            assert operations.evaluate_own(own, protocol, 1, as_json=True) == 0
            found = json.loads(capsys.readouterr().out)
            assert (found["items"], found["interactions"]) == (12, lines)
            assert found[judged]
