"""Sign-up: consent first, then two minutes of questions of which only name, role and one topic must be answered."""

from collections.abc import Mapping

from bot.dialogs import approvals
from bot.dialogs.approvals import WAITING
from bot.dialogs.form import Answers, Args, Dialog, Refused
from bot.dialogs.values import values_of
from bot.fields import Choice, Confirm, Field, Number, Option, Text, Week
from bot.outbox import box
from bot.turn import Action, Message, Replies, Say, Start, Turn, say
from core import tokens, users
from core.levels import levels_of
from core.policy import FORMATS
from core.store.types import Json
from core.users import HELPS, WANTS, Levels

MENTEE, MENTOR, BOTH = "mentee", "mentor", "both"
INVITATION = "invitation"
CODE_LIMIT = 60
LEVELS = 5
ASKED_LEVELS = 3
"""Levels are asked for this many topics that were typed without one; the others can be added in the profile."""

ROLES = tuple(Option(role) for role in (MENTEE, MENTOR, BOTH))


def field_of(key: str, turn: Turn, *, required: bool = False) -> Field:
    """Give the field for a part of a profile; sign-up and profile ask for it in the same way."""
    most = turn.policy.topics_limit
    match key:
        case "name":
            return Text(key=key, limit=turn.policy.name_limit)
        case "role":
            return Choice(key=key, options=ROLES)
        case "helps" | "wants":
            return Choice(
                key=key, required=required, search="topics", many=True, levels=LEVELS, free=True, most=most
            )
        case "languages":
            return Choice(key=key, required=False, search="languages", many=True, most=10)
        case "zone":
            return Choice(key=key, required=False, search="zones")
        case "free":
            return Week(key=key, required=False)
        case "goal":
            return Text(key=key, required=False, limit=500, lines=True)
        case "budget":
            return Number(key=key, required=False, low=0.5, high=40, whole=False)
        case "formats":
            return Choice(key=key, required=False, many=True, options=tuple(Option(each) for each in FORMATS))
        case _:
            raise KeyError(key)


def fields(turn: Turn, args: Args, answers: Answers) -> tuple[Field, ...]:
    """List the questions; those of a mentee or a mentor appear once the role is known."""
    role = answers.get("role")
    asked: list[Field] = [Confirm(key="consent", must=True)]
    if turn.policy.invite_code and "code" not in args:
        asked.append(Text(key="invite", only=turn.policy.invite_code, limit=80))
    asked += [field_of("name", turn), field_of("role", turn)]
    if role in (MENTOR, BOTH):
        asked.append(field_of("helps", turn, required=True))
        asked.extend(_levels(turn, answers))
    if role in (MENTEE, BOTH):
        asked.append(field_of("wants", turn, required=role == MENTEE))
    if role is not None:
        asked.extend(field_of(key, turn) for key in ("languages", "zone", "free"))
    if role in (MENTEE, BOTH):
        asked.append(field_of("goal", turn))
    if role in (MENTOR, BOTH):
        asked.extend(field_of(key, turn) for key in ("budget", "formats"))
    if role is not None:
        asked.extend(
            Text(key=f"own_{number}", required=False, limit=500, question=question)
            for number, question in enumerate(turn.policy.questions)
        )
    return tuple(asked)


def _levels(turn: Turn, answers: Answers) -> list[Field]:
    """Ask for the level of topics that were typed without one."""
    bare = [topic for topic, level in levels_of(answers.get("helps")) if level is None][:ASKED_LEVELS]
    options = tuple(
        Option(str(level), turn.words.text(f"signup.level.{level}", {}, turn.locale, turn.zone))
        for level in range(1, LEVELS + 1)
    )
    return [
        Choice(
            key=f"level_{topic}",
            required=False,
            options=options,
            question=turn.words.text(
                "signup.level.label", {"topic": turn.topics.name(topic, turn.locale)}, turn.locale, turn.zone
            ),
        )
        for topic in bare
    ]


def initial(turn: Turn, args: Args) -> Mapping[str, Json]:
    """Prefill what the platform told us, or what was imported."""
    user_id = tokens.look_up(turn.tx, INVITATION, str(args.get("code", "")), turn.now)
    person = users.get(turn.tx, user_id) if user_id is not None else None
    if person is None:
        return {"name": turn.name, "zone": turn.zone if turn.zone != turn.policy.zone else None}
    return {
        "name": person.name if person.name != person.ref else turn.name,
        "role": MENTOR if person.mentor else MENTEE,
        "helps": [list(each) for each in users.topics_of(turn.tx, person.id, HELPS)],
        "languages": list(person.languages),
        "zone": None if person.zone_assumed else person.zone,
    }


def begin(turn: Turn, args: Args) -> Refused | None:
    """Say so where somebody is signed up already."""
    del args
    return Refused("signup.already", {"name": turn.me.name}) if turn.user is not None else None


def finish(turn: Turn, args: Args, answers: Answers) -> Replies | Refused:
    """Create the user, or let somebody take over what was imported for them."""
    role = answers["role"]
    zone = answers.get("zone")
    told = turn.zone if turn.zone != turn.policy.zone else None
    values: dict[str, Json] = {
        "state": WAITING if role in (MENTOR, BOTH) and turn.policy.approve_mentors else "active",
        "name": str(answers["name"]),
        "mentor": role in (MENTOR, BOTH),
        "mentee": role in (MENTEE, BOTH),
        "locale": turn.locale,
        "zone": str(zone or told or turn.policy.zone),
        "zone_assumed": zone is None and told is None,
        "languages": list(values_of(answers.get("languages"))) or [turn.locale.split("-")[0]],
        "free": answers.get("free") or [],
        "goal": answers.get("goal"),
        "formats": list(values_of(answers.get("formats"))),
        "own_answers": {
            question: answers[f"own_{number}"]
            for number, question in enumerate(turn.policy.questions)
            if answers.get(f"own_{number}")
        },
    }
    if answers.get("budget") is not None:
        values["budget_hours"] = answers["budget"]
    # The code is used up only now: who breaks off can come back with it.
    invited = tokens.redeem(turn.tx, INVITATION, str(args["code"]), turn.now) if "code" in args else None
    if invited is not None:
        user_id = invited
        users.change(turn.tx, user_id, turn.now, **values)
        # Until now there was no address for what somebody wrote to them.
        box.release(turn.tx, user_id, turn.now)
    else:
        user_id = users.create(turn.tx, turn.now, turn.policy, **values)
    users.claim(turn.tx, turn.who, user_id)
    users.consent(turn.tx, user_id, turn.policy.consent_version, turn.now)
    helps = tuple(
        (topic, level if level is not None else _level(answers.get(f"level_{topic}")))
        for topic, level in levels_of(answers.get("helps"))
    )
    for side, levels in ((HELPS, helps), (WANTS, levels_of(answers.get("wants")))):
        keep_topics(turn, user_id, side, levels)
    if values["state"] == WAITING:
        approvals.ask(turn, users.known(turn.tx, user_id))
    actions = []
    if role in (MENTEE, BOTH):
        actions.append(Action("find", "signup.button.find", "primary"))
    actions.append(Action("profile", "signup.button.profile"))
    return (
        Say(
            (
                Message(
                    "signup.done",
                    {"name": str(answers["name"]), "role": role, "waiting": values["state"] == WAITING},
                    tuple(actions),
                ),
            )
        ),
    )


def _level(answer: Json) -> int | None:
    return int(answer) if isinstance(answer, str) else None


def keep_topics(turn: Turn, user_id: int, side: str, levels: Levels) -> None:
    """Keep somebody's topics; those the catalogue lacks are remembered for the organiser."""
    for topic, _ in levels:
        if topic not in turn.topics.rows:
            users.keep_unknown_topic(turn.tx, topic, topic, turn.now)
    users.set_topics(turn.tx, user_id, side, levels)


def open_by_code(turn: Turn, code: str) -> Replies:
    """Open the bot by a link or a code: an imported person takes over what is known of them."""
    if turn.user is not None or not code:
        return ()
    if tokens.look_up(turn.tx, INVITATION, code, turn.now) is None:
        return (say("signup.code", Action("signup", "signup.button.signup", "primary")),)
    return (Start("signup", {"code": code[:CODE_LIMIT]}),)


SIGNUP = Dialog("signup", fields, finish, begin, initial)
