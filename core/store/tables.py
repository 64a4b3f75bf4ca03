"""All tables. Every column that tells something about a person says what for and for how long (`Personal`)."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

from core.store.types import Code, Personal, Published, Sealed, UtcDateTime, Words

# `sqlite_autoincrement`: an id is never given out again, so that an old button cannot mean somebody else's row.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# SQLite counts rows by an INTEGER alone; PostgreSQL gets room for more than two thousand million.
Id = Integer().with_variant(BigInteger, "postgresql")

ACCOUNT = "until erased"
PROFILE = Personal("shown to mentors and mentees who may be matched", ACCOUNT)
MATCHING = Personal("finding mentors that fit", ACCOUNT)
DELIVERY = Personal("reaching the person on their platform", ACCOUNT)
PREFERENCE = Personal("messages when and as the person wants them", ACCOUNT)
STORY = Personal("the programme: who asked whom, who meets when", ACCOUNT)
CONSENT = Personal("showing what was agreed to, and when", "three years after it is withdrawn")
FORM = Personal("going on with a form where it was left", "30 days without an answer")
PUSH = Personal("delivering the message", "emptied when sent; 14 days when it failed")
SAFETY = Personal("moderation", "two years")
LEARNING = Personal("going on with a course where it was left, and helping where somebody is stuck", ACCOUNT)
RATING = Personal("ratings feed matching and are averaged", ACCOUNT)
SHOWING = Personal("recommendations are judged by what came of them; nobody is shown too often", "90 days")
DISMISSAL = Personal("what somebody does not want is not recommended again", ACCOUNT)
MODEL = Personal(
    "recommending what others took next; it counts people and names none", "until the next night"
)
DEDUPE = Personal("a redelivered event has no second effect", "three days")
DEAD = Personal("organisers see that something of somebody's was not handled", "14 days")

users = Table(
    "users",
    metadata,
    Column("id", Id, primary_key=True),
    Column("state", Code(16), nullable=False),
    Column("ref", Code(80), unique=True, info=PROFILE.info),
    Column("name", Text, nullable=False, info=PROFILE.info),
    Column("mentor", Boolean, nullable=False, info=MATCHING.info),
    Column("mentee", Boolean, nullable=False, info=MATCHING.info),
    Column("country", Code(2), info=PROFILE.info),
    Column("locale", Code(16), nullable=False, info=PREFERENCE.info),
    Column("zone", Code(64), nullable=False, info=MATCHING.info),
    Column("zone_assumed", Boolean, nullable=False),
    Column("languages", Words, nullable=False, info=MATCHING.info),
    Column("free", Words, nullable=False, info=MATCHING.info),
    Column("goal", Sealed, info=PROFILE.info),
    Column("formats", Words, nullable=False, info=MATCHING.info),
    Column("budget_hours", Float, nullable=False, info=MATCHING.info),
    Column("quiet_from", Integer, nullable=False, info=PREFERENCE.info),
    Column("quiet_to", Integer, nullable=False, info=PREFERENCE.info),
    Column("muted", Words, nullable=False, info=PREFERENCE.info),
    Column("consent_version", Integer, nullable=False, info=CONSENT.info),
    Column("own_answers", Sealed, info=PROFILE.info),
    Column("paused_until", UtcDateTime, info=PREFERENCE.info),
    Column("stopped", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,
)

user_topics = Table(
    "user_topics",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, info=MATCHING.info),
    Column("side", Code(8), primary_key=True),
    Column("topic", Code(80), primary_key=True, info=MATCHING.info),
    Column("level", Integer, info=MATCHING.info),
    Index("ix_user_topics_topic_side", "topic", "side"),
)

unknown_topics = Table(
    "unknown_topics",
    metadata,
    Column("slug", Code(80), primary_key=True),
    Column(
        "typed",
        Text,
        nullable=False,
        info=Personal("the organiser merges it with a known topic", "until merged").info,
    ),
    Column("merged_into", Code(80)),
    Column("first_seen", UtcDateTime, nullable=False),
)

addresses = Table(
    "addresses",
    metadata,
    Column("platform", Code(16), primary_key=True),
    Column("id", Code(160), primary_key=True, info=DELIVERY.info),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), index=True, info=DELIVERY.info),
    Column("name", Text, nullable=False, info=DELIVERY.info),
    Column("locale", Code(32), info=PREFERENCE.info),
    Column("zone", Code(64), info=PREFERENCE.info),
    Column("reachable", Boolean, nullable=False),
    Column("preferred", Boolean, nullable=False),
    Column("room_id", Id, ForeignKey("rooms.id", ondelete="SET NULL"), info=DELIVERY.info),
    Column("created_at", UtcDateTime, nullable=False),
)

consents = Table(
    "consents",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, info=CONSENT.info),
    Column("version", Integer, primary_key=True),
    Column("given_at", UtcDateTime, nullable=False),
    Column("withdrawn_at", UtcDateTime),
)

blocks = Table(
    "blocks",
    metadata,
    Column("blocker_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, info=SAFETY.info),
    Column(
        "blocked_id",
        Id,
        ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info=SAFETY.info,
    ),
    Column("created_at", UtcDateTime, nullable=False),
)

reports = Table(
    "reports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("reporter_id", Id, ForeignKey("users.id", ondelete="SET NULL"), info=SAFETY.info),
    Column("about_id", Id, ForeignKey("users.id", ondelete="SET NULL"), info=SAFETY.info),
    Column("body", Sealed, nullable=False, info=SAFETY.info),
    Column("state", Code(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

requests = Table(
    "requests",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "mentee_id",
        Id,
        ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=STORY.info,
    ),
    Column("topics", Words, nullable=False, info=STORY.info),
    Column("languages", Words, nullable=False, info=STORY.info),
    Column("free", Words, nullable=False, info=STORY.info),
    Column("goal", Sealed, info=STORY.info),
    Column("stuck", Sealed, info=STORY.info),
    Column("format", Code(16), nullable=False),
    Column("urgency", Code(16), nullable=False),
    Column("wanted_id", Id, ForeignKey("users.id", ondelete="SET NULL"), info=STORY.info),
    Column("state", Code(16), nullable=False),
    Column("step", Code(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("step_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    sqlite_autoincrement=True,
)

offers = Table(
    "offers",
    metadata,
    Column("id", Id, primary_key=True),
    Column("request_id", Id, ForeignKey("requests.id", ondelete="CASCADE"), nullable=False),
    Column("mentor_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, info=STORY.info),
    Column("step", Code(16), nullable=False),
    Column("state", Code(16), nullable=False),
    Column("reasons", Words, nullable=False, info=STORY.info),
    Column("why", Sealed, info=STORY.info),
    Column("created_at", UtcDateTime, nullable=False),
    Column("delivered_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    Column("answered_at", UtcDateTime),
    UniqueConstraint("request_id", "mentor_id"),
    Index("ix_offers_mentor_id_state", "mentor_id", "state"),
    sqlite_autoincrement=True,
)

mentorships = Table(
    "mentorships",
    metadata,
    Column("id", Id, primary_key=True),
    Column("request_id", Id, ForeignKey("requests.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column(
        "mentee_id",
        Id,
        ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=STORY.info,
    ),
    Column(
        "mentor_id",
        Id,
        ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=STORY.info,
    ),
    Column("format", Code(16), nullable=False),
    Column("state", Code(16), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("ends_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),
    Column("reason", Code(16)),
    sqlite_autoincrement=True,
)

rooms = Table(
    "rooms",
    metadata,
    Column("id", Id, primary_key=True),
    Column(
        "mentorship_id", Id, ForeignKey("mentorships.id", ondelete="CASCADE"), nullable=False, unique=True
    ),
    Column("place", Words, info=DELIVERY.info),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("mentorship_id", Id, ForeignKey("mentorships.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("state", Code(16), nullable=False),
    Column("proposed_by", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, info=STORY.info),
    Column("times", Words, nullable=False, info=STORY.info),
    Column("starts_at", UtcDateTime, index=True, info=STORY.info),
    Column("minutes", Integer, nullable=False),
    Column("link", Code(300), nullable=False, info=STORY.info),
    Column("revision", Integer, nullable=False),
    Column("late", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

session_answers = Table(
    "session_answers",
    metadata,
    Column("session_id", Id, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, info=STORY.info),
    Column("met", Boolean, nullable=False, info=STORY.info),
    Column("created_at", UtcDateTime, nullable=False),
)

ratings = Table(
    "ratings",
    metadata,
    Column("session_id", Id, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("rater_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, info=RATING.info),
    Column(
        "ratee_id",
        Id,
        ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=RATING.info,
    ),
    Column("stars", Integer, nullable=False, info=RATING.info),
    Column("words", Sealed, info=RATING.info),
    Column("created_at", UtcDateTime, nullable=False),
)

courses = Table(
    "courses",
    metadata,
    Column("id", Id, primary_key=True),
    Column("slug", Code(80), nullable=False, unique=True),
    Column("state", Code(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Code(64), nullable=False),
    Column("difficulty", Integer, nullable=False),
    Column("topics", Published, nullable=False),
    Column("requires", Published, nullable=False),
    Column("texts", Published, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("lessons", Integer, nullable=False),
    Column("starts_at", UtcDateTime),
    Column("ends_at", UtcDateTime),
    Column("capacity", Integer),
    Column("drip_days", Integer),
    Column("mentor_id", Id, ForeignKey("users.id", ondelete="SET NULL"), info=STORY.info),
    Column("meetings", Published, nullable=False),
    Column("room", Code(16), nullable=False),
    Column("enrolled", Integer, nullable=False),
    Column("stars_sum", Integer, nullable=False),
    Column("stars_count", Integer, nullable=False),
    Column("shown_stars", Float),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,
)

lessons = Table(
    "lessons",
    metadata,
    Column("id", Id, primary_key=True),
    Column("course_id", Id, ForeignKey("courses.id", ondelete="CASCADE"), nullable=False),
    Column("slug", Code(80), nullable=False),
    Column("module", Integer, nullable=False),
    Column("place", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", Code(64), nullable=False),
    Column("retired", Boolean, nullable=False),
    UniqueConstraint("course_id", "slug"),
    sqlite_autoincrement=True,
)

# What a lesson said stays: whoever is in the middle of it reads on in the version that they began.
lesson_versions = Table(
    "lesson_versions",
    metadata,
    Column("lesson_id", Id, ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("texts", Published, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

course_pictures = Table(
    "course_pictures",
    metadata,
    Column("course_id", Id, ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True),
    Column("file", Code(120), primary_key=True),
    Column("mime", Code(40), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

course_terms = Table(
    "course_terms",
    metadata,
    Column("term", Code(96), primary_key=True),
    Column("course_id", Id, ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True, index=True),
    Column("weight", Integer, nullable=False),
)

enrolments = Table(
    "enrolments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("course_id", Id, ForeignKey("courses.id", ondelete="CASCADE"), nullable=False),
    Column(
        "user_id",
        Id,
        ForeignKey("users.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
        info=LEARNING.info,
    ),
    Column("state", Code(16), nullable=False),
    Column("drip", Boolean, nullable=False),
    Column("lesson_id", Id, ForeignKey("lessons.id", ondelete="SET NULL")),
    Column("version", Integer, nullable=False),
    Column("block", Integer, nullable=False),
    Column("code", Code(16), unique=True, info=LEARNING.info),
    Column("enrolled_at", UtcDateTime, nullable=False),
    Column("touched_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    UniqueConstraint("course_id", "user_id"),
    Index("ix_enrolments_course_id_state", "course_id", "state"),
    sqlite_autoincrement=True,
)

progress = Table(
    "progress",
    metadata,
    Column("enrolment_id", Id, ForeignKey("enrolments.id", ondelete="CASCADE"), primary_key=True),
    Column("lesson_id", Id, ForeignKey("lessons.id", ondelete="CASCADE"), primary_key=True),
    Column("opened_at", UtcDateTime, nullable=False),
    Column("answered_at", UtcDateTime),
    Column("passed", Boolean, nullable=False, info=LEARNING.info),
    Column("finished_at", UtcDateTime),
)

attempts = Table(
    "attempts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("enrolment_id", Id, ForeignKey("enrolments.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("lesson_id", Id, ForeignKey("lessons.id", ondelete="CASCADE"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("answer", Sealed, nullable=False, info=LEARNING.info),
    Column("passed", Boolean, nullable=False, info=LEARNING.info),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

course_notes = Table(
    "course_notes",
    metadata,
    Column("id", Id, primary_key=True),
    Column("enrolment_id", Id, ForeignKey("enrolments.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("lesson_id", Id, ForeignKey("lessons.id", ondelete="SET NULL")),
    Column("words", Sealed, nullable=False, info=LEARNING.info),
    Column("created_at", UtcDateTime, nullable=False),
    sqlite_autoincrement=True,
)

course_ratings = Table(
    "course_ratings",
    metadata,
    Column("course_id", Id, ForeignKey("courses.id", ondelete="CASCADE"), primary_key=True),
    Column(
        "user_id",
        Id,
        ForeignKey("users.id", ondelete="CASCADE"),
        primary_key=True,
        index=True,
        info=RATING.info,
    ),
    Column("stars", Integer, nullable=False, info=RATING.info),
    Column("words", Sealed, info=RATING.info),
    Column("shared", Boolean, nullable=False, info=RATING.info),
    Column("created_at", UtcDateTime, nullable=False),
)

learning_goals = Table(
    "learning_goals",
    metadata,
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), primary_key=True, info=LEARNING.info),
    Column("topic", Code(80), primary_key=True, info=LEARNING.info),
    Column("level", Integer, nullable=False, info=LEARNING.info),
    Column("way", Code(16), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

# What was recommended: a course or a mentor. `chance` is how likely it was to be shown where it was drawn.
showings = Table(
    "showings",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, info=SHOWING.info),
    Column("course_id", Id, ForeignKey("courses.id", ondelete="CASCADE"), index=True, info=SHOWING.info),
    Column("mentor_id", Id, ForeignKey("users.id", ondelete="CASCADE"), info=SHOWING.info),
    Column("why", Code(8), nullable=False),
    Column("chance", Float, nullable=False),
    Column("place", Integer, nullable=False),
    Column("surface", Code(16), nullable=False),
    Column("shown_at", UtcDateTime, nullable=False, index=True),
    Index("ix_showings_user_id_shown_at", "user_id", "shown_at"),
    Index("ix_showings_mentor_id_shown_at", "mentor_id", "shown_at"),
    sqlite_autoincrement=True,
)

dismissals = Table(
    "dismissals",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, info=DISMISSAL.info),
    Column("course_id", Id, ForeignKey("courses.id", ondelete="CASCADE"), index=True, info=DISMISSAL.info),
    Column("mentor_id", Id, ForeignKey("users.id", ondelete="CASCADE"), index=True, info=DISMISSAL.info),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("user_id", "course_id"),
    UniqueConstraint("user_id", "mentor_id"),
    sqlite_autoincrement=True,
)

# A fitted model is kept in parts, so that no one statement is large; `models` says which version counts.
models = Table(
    "models",
    metadata,
    Column("model", Code(32), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("parts", Integer, nullable=False),
    Column("fitted_at", UtcDateTime, nullable=False),
)

model_parts = Table(
    "model_parts",
    metadata,
    Column("model", Code(32), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False, info=MODEL.info),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Id, primary_key=True),
    Column("platform", Code(16), nullable=False),
    Column("address", Code(160), nullable=False, info=DELIVERY.info),
    Column("dialog", Code(32), nullable=False),
    Column("args", Sealed, nullable=False, info=FORM.info),
    Column("answers", Sealed, nullable=False, info=FORM.info),
    Column("version", Integer, nullable=False),
    Column("touched_at", UtcDateTime, nullable=False, index=True),
    UniqueConstraint("platform", "address", "dialog"),
    sqlite_autoincrement=True,
)

tokens = Table(
    "tokens",
    metadata,
    Column("hash", Code(64), primary_key=True),
    Column("purpose", Code(16), nullable=False),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), nullable=False, info=DELIVERY.info),
    Column("about", Id),
    Column("expires_at", UtcDateTime, nullable=False),
)

views = Table(
    "views",
    metadata,
    Column("id", Id, primary_key=True),
    Column("platform", Code(16), nullable=False),
    Column("address", Code(160), nullable=False, info=DELIVERY.info),
    Column("kind", Code(32), nullable=False),
    Column(
        "body",
        Sealed,
        nullable=False,
        info=Personal("paging through a list, asking somebody in it", "7 days").info,
    ),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    sqlite_autoincrement=True,
)

seen_events = Table(
    "seen_events",
    metadata,
    Column("platform", Code(16), primary_key=True),
    Column("id", Code(200), primary_key=True, info=DEDUPE.info),
    Column("seen_at", UtcDateTime, nullable=False, index=True),
)

dead_events = Table(
    "dead_events",
    metadata,
    Column("platform", Code(16), primary_key=True),
    Column("id", Code(200), primary_key=True, info=DEAD.info),
    Column("address", Code(160), nullable=False, info=DEAD.info),
    Column("at", UtcDateTime, nullable=False, index=True),
)

leases = Table(
    "leases",
    metadata,
    Column("subject", Code(80), primary_key=True),
    Column("owner", Code(64), nullable=False),
    Column("until", UtcDateTime, nullable=False),
)

waits = Table(
    "waits",
    metadata,
    Column("kind", Code(32), primary_key=True),
    Column("subject", Code(80), primary_key=True),
    Column("due_at", UtcDateTime, nullable=False, index=True),
)

# What takes too long for a turn; whoever publishes its result takes the row away.
work = Table(
    "work",
    metadata,
    Column("kind", Code(32), primary_key=True),
    Column("subject", Code(80), primary_key=True),
    Column("put_at", UtcDateTime, nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("trouble", Code(120)),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("user_id", Id, ForeignKey("users.id", ondelete="CASCADE"), info=DELIVERY.info),
    Column("platform", Code(16)),
    Column("address", Code(160), info=DELIVERY.info),
    Column("kind", Code(32), nullable=False),
    Column("subject", Code(80), nullable=False, index=True),
    Column("once", Code(200), nullable=False, unique=True),
    Column("stream", Code(80)),
    Column("source", Code(300), index=True, info=DELIVERY.info),
    Column("edits", Id, ForeignKey("outbox.id", ondelete="CASCADE")),
    Column("message", Sealed, info=PUSH.info),
    Column("state", Code(16), nullable=False),
    Column("due_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("doubts", Integer, nullable=False),
    Column("owner", Code(64)),
    Column("fence", Integer, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("bundle", Id),
    Column("settled_at", UtcDateTime),
    Column("trouble", Code(120)),
    Index("ix_outbox_state_due_at", "state", "due_at"),
    Index("ix_outbox_stream_state", "stream", "state"),
    Index("ix_outbox_user_id_settled_at", "user_id", "settled_at"),
    sqlite_autoincrement=True,
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("outbox_id", Id, ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True),
    Column("platform", Code(16), primary_key=True),
    Column("address", Code(160), primary_key=True, info=DELIVERY.info),
    Column("ref", Code(200), nullable=False),
    Column("sent_at", UtcDateTime, nullable=False),
    Index("ix_deliveries_platform_address_ref", "platform", "address", "ref"),
)
