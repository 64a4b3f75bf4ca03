"""The mentors of a community as arrays: an immutable snapshot that ranks a hundred thousand in milliseconds.

A mentor has a slot, the same in every array. Free times, sets of languages and sets of formats are numbered,
since fewer of them exist than mentors; a query scores each of them once and gathers the result.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Self

import numpy as np
import numpy.typing as npt

from core.matching import scoring
from core.matching.columns import NOBODY, Columns, Posting, numbered
from core.matching.features import Candidate, MentorRow, Query, Wider, knowledge
from core.matching.hours import UNKNOWN, Pattern, Words, common_hours, pattern, week_bits
from core.matching.reasons import reasons
from core.matching.scoring import NEUTRAL, Floats, Wanted, Wish
from core.policy import Policy

Slots = npt.NDArray[np.intp]

DIGITS = 9
"""Scores that agree in so many decimals tie: the order of adding floats must not decide who is asked."""
WEEKS_KEPT = 4


@dataclass(frozen=True, eq=False, slots=True)
class MentorIndex:
    """A snapshot of all mentors; made by `build` and `updated`, asked by `rank`."""

    policy: Policy
    wider: Wider
    weights: Mapping[str, float]
    rows: Sequence[MentorRow | None]
    slots: Mapping[int, int]
    spare: tuple[int, ...]
    columns: Columns
    postings: Mapping[str, Posting]
    patterns: Mapping[Pattern, int]
    languages: Mapping[frozenset[str], int]
    formats: Mapping[frozenset[str], int]
    weeks: dict[date, Words] = field(default_factory=dict)
    """A cache: the bits of all patterns in the weeks last asked for."""

    @classmethod
    def build(cls, rows: Iterable[MentorRow], wider: Wider, policy: Policy) -> Self:
        """A snapshot of these mentors; of two rows of one user the later counts."""
        empty = cls(
            policy=policy,
            wider=wider,
            weights=scoring.normalised(policy.weights),
            rows=(),
            slots={},
            spare=(),
            columns=Columns.empty(),
            postings={},
            patterns={UNKNOWN: 0},
            languages={},
            formats={},
        )
        return empty.updated(rows, ())

    def __len__(self) -> int:
        """How many mentors the snapshot holds, those not to be asked included."""
        return len(self.slots)

    def updated(self, changed: Iterable[MentorRow], removed: Iterable[int]) -> Self:
        """A snapshot with some rows put in or replaced and some users taken out; who is in both is taken out.

        Copies arrays whole, but walks in Python only through what changed. Numbers of patterns no longer in
        use stay: `build` anew now and then (once a day is plenty).
        """
        gone = set(removed)
        fresh = {row.user_id: row for row in changed if row.user_id not in gone}
        leaving = {user: self.slots[user] for user in sorted(gone) if user in self.slots}
        joining = [user for user in fresh if user not in self.slots]
        unused = [*self.spare, *leaving.values()]
        grow = max(0, len(joining) - len(unused))
        unused += range(len(self.rows), len(self.rows) + grow)
        taken, spare = unused[: len(joining)], unused[len(joining) :]
        slots = self.slots
        if leaving or joining:
            slots = (
                {user: slot for user, slot in slots.items() if user not in leaving}
                if leaving
                else dict(slots)
            )
            slots.update(zip(joining, taken, strict=True))

        put = {slots[user]: row for user, row in fresh.items()}
        after: dict[int, MentorRow | None] = {**dict.fromkeys(leaving.values()), **put}
        before = {slot: self.rows[slot] if slot < len(self.rows) else None for slot in after}
        rows = [*self.rows, *[None] * grow]
        for slot, row in after.items():
            rows[slot] = row

        patterns, of_pattern = numbered(self.patterns, [pattern(row.zone, row.free) for row in put.values()])
        languages, of_languages = numbered(self.languages, [frozenset(row.languages) for row in put.values()])
        formats, of_formats = numbered(self.formats, [frozenset(row.formats) for row in put.values()])
        columns = self.columns.grown(grow)
        columns.open[list(leaving.values())] = False
        at = np.array(list(put), dtype=np.intp)
        columns.user[at] = list(fresh)
        columns.fixed[at] = [scoring.fixed(row, self.weights, self.policy) for row in put.values()]
        columns.open[at] = [row.available and row.hours_left > 0 for row in put.values()]
        columns.pattern[at], columns.languages[at], columns.formats[at] = of_pattern, of_languages, of_formats

        weeks = self.weeks
        if len(patterns) > len(self.patterns):
            more = list(patterns)[len(self.patterns) :]
            known = dict(self.weeks)
            weeks = {
                week: np.concatenate((bits, week_bits(more, week)), axis=1) for week, bits in known.items()
            }
        return replace(
            self,
            rows=rows,
            slots=slots,
            spare=tuple(spare),
            columns=columns,
            postings=self._postings(before, after),
            patterns=patterns,
            languages=languages,
            formats=formats,
            weeks=weeks,
        )

    def _postings(
        self, before: Mapping[int, MentorRow | None], after: Mapping[int, MentorRow | None]
    ) -> Mapping[str, Posting]:
        lost: dict[str, list[int]] = {}
        gained: dict[str, dict[int, int]] = {}
        for slot, new in after.items():
            old = before[slot]
            had = knowledge(old.topics, self.wider) if old else {}
            has = knowledge(new.topics, self.wider) if new else {}
            for topic in had.keys() - has.keys():
                lost.setdefault(topic, []).append(slot)
            for topic, code in has.items():
                if had.get(topic) != code:
                    gained.setdefault(topic, {})[slot] = code
        touched = {
            topic: self.postings.get(topic, NOBODY).changed(lost.get(topic, ()), gained.get(topic, {}))
            for topic in lost.keys() | gained.keys()
        }
        return {**self.postings, **touched} if touched else self.postings

    def rank(self, query: Query, limit: int) -> tuple[Candidate, ...]:
        """The best `limit` mentors for a query, exactly, best first; equal scores in the order of ids."""
        if limit <= 0 or not len(self):
            return ()
        wanted = scoring.wanted(query, lambda topic: scoring.rarity(len(self._who(topic).slots), len(self)))
        slots, score = self._by_topics(query, wanted)
        slots, score, asked = self._by_languages(query, slots, score)
        if not len(slots):
            return ()
        hours = self._hours(query)
        if hours is not None:
            table = self.weights["hours"] * scoring.hours(hours)
            table[0] = self.weights["hours"] * NEUTRAL
            score += table.take(self.columns.pattern.take(slots))
        else:
            score += self.weights["hours"] * NEUTRAL
        if query.format is not None:
            likes = np.array([scoring.format_fit(liked, query.format) for liked in self.formats])
            score += (self.weights["format"] * likes).take(self.columns.formats.take(slots))
        else:
            score += self.weights["format"] * NEUTRAL
        wish = Wish(query, wanted, asked, self.weights, self.wider, self.policy)
        best = self._best(slots, score, limit)
        return tuple(self._candidate(wish, hours, slot, points) for slot, points in best)

    def _who(self, topic: str) -> Posting:
        return self.postings.get(topic, NOBODY)

    def _by_topics(self, query: Query, wanted: tuple[Wanted, ...]) -> tuple[Slots, Floats]:
        """Who may be asked and knows a wanted topic, with their score so far."""
        may = self.columns.open
        out = [self.slots[user] for user in query.excluded if user in self.slots]
        if out:
            may = may.copy()
            may[out] = False
        if not wanted:
            slots = np.flatnonzero(may)
            return slots, self.columns.fixed.take(slots) + NEUTRAL * (
                self.weights["topics"] + self.weights["seniority"]
            )
        codes = np.zeros((len(wanted), len(may)), dtype=np.uint8)
        for topic, line in zip(wanted, codes, strict=True):
            who = self._who(topic.topic)
            line[who.slots] = who.codes
        slots = np.flatnonzero((np.bitwise_or.reduce(codes, axis=0) != 0) & may)
        score = self.columns.fixed.take(slots)
        for topic, line in zip(wanted, codes, strict=True):
            score += scoring.by_code(topic, len(wanted), self.weights).take(line.take(slots))
        return slots, score

    def _by_languages(
        self, query: Query, slots: Slots, score: Floats
    ) -> tuple[Slots, Floats, tuple[str, ...]]:
        """Only who speaks a language asked for in words, if anybody does; last, the languages that count."""
        of_slot = self.columns.languages.take(slots)
        asked = tuple(dict.fromkeys(query.languages))
        if query.wanted_languages:
            speaks = np.array(
                [not spoken.isdisjoint(query.wanted_languages) for spoken in self.languages], dtype=np.bool_
            )
            keep = speaks.take(of_slot)
            if keep.any():
                slots, score, of_slot = slots[keep], score[keep], of_slot[keep]
                asked = tuple(dict.fromkeys(query.wanted_languages))
        if asked:
            share = np.array([scoring.languages(spoken, asked) for spoken in self.languages])
            return slots, score + (self.weights["languages"] * share).take(of_slot), asked
        return slots, score + self.weights["languages"] * NEUTRAL, asked

    def _hours(self, query: Query) -> Floats | None:
        """Hours in common a week of each pattern, shape (patterns,); None where the mentee's are unknown."""
        if not query.free:
            return None
        bits = self.weeks.get(query.week)
        if bits is None:
            bits = week_bits(list(self.patterns), query.week)
            if len(self.weeks) >= WEEKS_KEPT:
                self.weeks.clear()
            self.weeks[query.week] = bits
        return common_hours(bits, week_bits([pattern(query.zone, query.free)], query.week))

    def _best(self, slots: Slots, score: Floats, limit: int) -> list[tuple[int, float]]:
        if len(score) > limit:
            last = np.partition(score, len(score) - limit)[len(score) - limit]
            near = score >= last - 2 * 10.0**-DIGITS
            slots, score = slots[near], score[near]
        score = np.round(score, DIGITS)
        order = np.lexsort((self.columns.user[slots], -score))[:limit]
        return [(int(slots[i]), float(score[i])) for i in order]

    def _candidate(self, wish: Wish, hours: Floats | None, slot: int, score: float) -> Candidate:
        row = self.rows[slot]
        if row is None:
            raise AssertionError(f"slot {slot} is ranked but empty")
        common = float(hours[self.columns.pattern[slot]]) if hours is not None and row.free else None
        parts = scoring.parts(row, wish, common)
        return Candidate(row.user_id, score, parts, reasons(row, wish, parts, common))
