"""Which mentors suit a mentee, and why: pure functions on arrays; no SQL, no clock, no chat.

`features` is what ranking knows, `hours` is free time as bits, `scoring` the parts of a match, `reasons` why
a mentor is shown, `columns` and `index` the snapshot that ranks.
"""

from core.matching.features import Candidate, Free, MentorRow, Query, Reason, Wider
from core.matching.index import MentorIndex

__all__ = ["Candidate", "Free", "MentorIndex", "MentorRow", "Query", "Reason", "Wider"]
