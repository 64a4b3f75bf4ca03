"""The arrays a snapshot is made of: numbers by slot, who knows a topic, numbers for what repeats."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from core.matching.scoring import Floats

Bools = npt.NDArray[np.bool_]
Codes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int32]
Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Posting:
    """Who knows one topic: slots and codes of `features.knowledge`, both of shape (n,), in no order."""

    slots: Ints
    codes: Codes

    def changed(self, lost: Sequence[int], gained: Mapping[int, int]) -> "Posting":
        """A copy without some slots and with others, given with their codes."""
        keep = ~np.isin(self.slots, np.array([*lost, *gained], dtype=np.int32))
        slots = np.concatenate((self.slots[keep], np.array(list(gained), dtype=np.int32)))
        codes = np.concatenate((self.codes[keep], np.array(list(gained.values()), dtype=np.uint8)))
        return Posting(slots, codes)


NOBODY = Posting(np.empty(0, dtype=np.int32), np.empty(0, dtype=np.uint8))


@dataclass(frozen=True, slots=True)
class Columns:
    """The numbers of each slot, each of shape (slots,); `open` is false where nobody is to be asked."""

    user: npt.NDArray[np.int64]
    fixed: Floats
    open: Bools
    pattern: Ints
    languages: Ints
    formats: Ints

    @classmethod
    def empty(cls) -> "Columns":
        """No slots at all."""
        none = np.empty(0, dtype=np.int32)
        return cls(none.astype(np.int64), none.astype(np.float64), none.astype(np.bool_), none, none, none)

    def grown(self, by: int) -> "Columns":
        """A copy with `by` more empty slots."""
        old = {part.name: getattr(self, part.name) for part in fields(self)}
        return Columns(**{name: np.concatenate((a, np.zeros(by, dtype=a.dtype))) for name, a in old.items()})


def numbered(known: Mapping[Key, int], keys: Sequence[Key]) -> tuple[Mapping[Key, int], list[int]]:
    """The numbers of some keys, and all numbers given so far; a new key gets the next one."""
    fresh = dict.fromkeys(key for key in keys if key not in known)
    if fresh:
        known = {**known, **{key: len(known) + more for more, key in enumerate(fresh)}}
    return known, [known[key] for key in keys]
