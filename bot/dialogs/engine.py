"""Runs forms: the answers are the state. A run is (address, dialog, args, answers in order, version)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from bot.dialogs.form import Answers, Args, Dialog, Refused, pending
from bot.dialogs.values import read
from bot.ports import EMPTY, Field, Upload
from bot.turn import Ask, Replies, Reply, Say, Start, Turn, say
from core.reading import Problem
from core.store.prepared import Prepared
from core.store.tables import runs
from core.store.types import Json


class Conflict(Exception):
    """Somebody else changed the row first."""


@dataclass(frozen=True, slots=True)
class Run:
    """A form that somebody is in the middle of."""

    id: int
    dialog: str
    args: Args
    answers: Answers
    version: int


MOST_ROWS = 2**63
"""No run has a number from here on; neither database can look for one."""

COLUMNS = (runs.c.id, runs.c.dialog, runs.c.args, runs.c.answers, runs.c.version)
OF_ADDRESS = (runs.c.platform == bindparam("platform")) & (runs.c.address == bindparam("address"))
NEWEST = Prepared(
    select(*COLUMNS).where(OF_ADDRESS).order_by(runs.c.touched_at.desc(), runs.c.id.desc()).limit(1)
)
BY_ID = Prepared(select(*COLUMNS).where(OF_ADDRESS & (runs.c.id == bindparam("run"))))
BY_DIALOG = Prepared(select(*COLUMNS).where(OF_ADDRESS & (runs.c.dialog == bindparam("dialog"))))
SAVE = Prepared(
    update(runs)
    .where((runs.c.id == bindparam("run")) & (runs.c.version == bindparam("was")))
    .values(answers=bindparam("answers"), version=bindparam("now_version"), touched_at=bindparam("touched"))
)
CREATE = Prepared(
    insert(runs).returning(runs.c.id),
    ("platform", "address", "dialog", "args", "answers", "version", "touched_at"),
)
DELETE = Prepared(delete(runs).where(runs.c.id == bindparam("run")))


class Engine:
    """The dialogs by name. It holds no conversation: everything is read from the runs."""

    def __init__(self, dialogs: Mapping[str, Dialog]) -> None:
        """Take the table of dialogs."""
        self._dialogs = dialogs

    def settle(self, turn: Turn, replies: Replies) -> Replies:
        """Open the forms that handlers asked for by name, until only Say and Ask are left."""
        done: list[Reply] = []
        for reply in replies:
            if isinstance(reply, Start):
                done.extend(self.start(turn, reply.dialog, reply.args))
            else:
                done.append(reply)
        return tuple(done)

    def start(self, turn: Turn, name: str, args: Args = EMPTY) -> Replies:
        """Begin a dialog, or go on with it where it was left; other arguments begin it anew."""
        dialog = self._dialogs[name]
        refused = dialog.begin(turn, args)
        if refused:
            return (Say((refused.message,)),)
        row = BY_DIALOG.first(turn.tx, _address(turn, dialog=name))
        run = _load(row) if row else None
        if run is not None and dict(run.args) != dict(args):
            DELETE.count(turn.tx, {"run": run.id})
            run = None
        if run is None:
            values = {"args": dict(args), "answers": [], "version": 1, "touched_at": turn.now}
            ((run_id,),) = CREATE.rows(turn.tx, _address(turn, dialog=name, **values))
            return self._go_on(turn, Run(run_id, name, args, {}, 1))
        return self._go_on(turn, self._save(turn, run, run.answers))

    def newest(self, turn: Turn) -> Run | None:
        """Give the form in front, or None."""
        row = NEWEST.first(turn.tx, _address(turn))
        return _load(row) if row else None

    def resume(self, turn: Turn) -> Replies:
        """Ask what is pending now, if anything is."""
        run = self.newest(turn)
        return self._go_on(turn, run) if run else ()

    def submit(self, turn: Turn, run_id: int, values: Mapping[str, Json]) -> Replies:
        """Take values for pending fields; a page is accepted whole or not at all."""
        row = BY_ID.first(turn.tx, _address(turn, run=run_id)) if 0 < run_id < MOST_ROWS else None
        if row is None:
            return (say("form.gone"), *self.resume(turn))
        run = _load(row)
        return self._take(turn, run, self._pending(turn, run), values)

    def said(self, turn: Turn, run: Run, text: str) -> Replies:
        """Take what somebody typed, or the file they sent, as the answer to the field in front."""
        fields = self._pending(turn, run)
        if not fields:
            return self._go_on(turn, run)
        files = turn.origin.files
        if files and isinstance(fields[0], Upload):
            sent: Json = {"id": files[0].id, "name": files[0].name, "size": files[0].size}
            return self._take(turn, run, fields, {fields[0].key: sent})
        if files:
            # What was typed beside a file that nobody asked for is an answer all the same.
            answered = self.said(_without_files(turn), run, text) if text.strip() else self._go_on(turn, run)
            return (say("help.no_file"), *answered)
        word = text.strip().casefold()
        if not fields[0].required and word in self._words(turn, "form.skip"):
            return self._take(turn, run, fields, {fields[0].key: None})
        return self._take(turn, run, fields, {fields[0].key: text})

    def back(self, turn: Turn) -> Replies:
        """Drop the last answer and ask again."""
        run = self.newest(turn)
        if run is None:
            return (say("form.none"),)
        answers = dict(run.answers)
        if answers:
            answers.pop(next(reversed(answers)))
        return self._go_on(turn, self._save(turn, run, answers))

    def cancel(self, turn: Turn) -> Replies:
        """Delete the form in front and show the one behind it."""
        run = self.newest(turn)
        if run is None:
            return (say("form.none"),)
        DELETE.count(turn.tx, {"run": run.id})
        return (say("form.cancelled", dialog=run.dialog), *self.resume(turn))

    def _words(self, turn: Turn, key: str) -> set[str]:
        """Give a control word as it may be typed: in the reader's language and in English."""
        return {turn.words.text(key, {}, locale, turn.zone).casefold() for locale in (turn.locale, "en")}

    def _fields(self, turn: Turn, run: Run) -> tuple[Field, ...]:
        dialog = self._dialogs.get(run.dialog)
        # What a release has dropped asks nothing any more.
        return dialog.fields(turn, run.args, run.answers) if dialog else ()

    def _pending(self, turn: Turn, run: Run) -> tuple[Field, ...]:
        return pending(self._fields(turn, run), run.answers)

    def _take(self, turn: Turn, run: Run, fields: tuple[Field, ...], values: Mapping[str, Json]) -> Replies:
        accepted: dict[str, Json] = {}
        errors: dict[str, Problem] = {}
        for field in fields:
            if field.key not in values:
                continue
            value = read(field, values[field.key], turn, run.dialog)
            if isinstance(value, Problem):
                errors[field.key] = value
            else:
                accepted[field.key] = value
        if errors:
            return (self._ask(turn, run, fields, errors, values),)
        if not accepted:
            return self._go_on(turn, run)
        answers = {**run.answers, **accepted}
        return self._go_on(turn, self._save(turn, run, answers))

    def _save(self, turn: Turn, run: Run, answers: Answers) -> Run:
        done = SAVE.count(
            turn.tx,
            {
                "run": run.id,
                "was": run.version,
                # A list of pairs keeps the order of the answers, which `back` needs.
                "answers": [[key, value] for key, value in answers.items()],
                "now_version": run.version + 1,
                "touched": turn.now,
            },
        )
        if done != 1:
            raise Conflict
        return replace(run, answers=answers, version=run.version + 1)

    def _go_on(self, turn: Turn, run: Run) -> Replies:
        if run.dialog not in self._dialogs:
            DELETE.count(turn.tx, {"run": run.id})
            return (say("form.gone"), *self.resume(turn))
        fields = self._pending(turn, run)
        if fields:
            return (self._ask(turn, run, fields),)
        outcome = self._dialogs[run.dialog].finish(turn, run.args, run.answers)
        if isinstance(outcome, Refused) and outcome.field in run.answers:
            answers = {key: value for key, value in run.answers.items() if key != outcome.field}
            again = self._save(turn, run, answers)
            problems = {str(outcome.field): outcome.problem}
            return (self._ask(turn, again, self._pending(turn, again), problems, run.answers),)
        DELETE.count(turn.tx, {"run": run.id})
        if isinstance(outcome, Refused):
            return (Say((outcome.message,)), *self.resume(turn))
        replies = self.settle(turn, outcome)
        # Another form that was open before comes to the front again, unless a new one was just opened.
        return replies if any(isinstance(reply, Ask) for reply in replies) else (*replies, *self.resume(turn))

    def _ask(
        self,
        turn: Turn,
        run: Run,
        fields: tuple[Field, ...],
        errors: Mapping[str, Problem] = EMPTY,  # type: ignore[assignment]
        typed: Mapping[str, Json] = EMPTY,
    ) -> Ask:
        dialog = self._dialogs[run.dialog]
        return Ask(
            run.id,
            run.dialog,
            fields,
            {**dialog.params(turn, run.args), "answers": dict(run.answers)},
            errors,
            {**dialog.initial(turn, run.args), **typed},
            bool(run.answers),
        )


def _without_files(turn: Turn) -> Turn:
    return replace(turn, origin=replace(turn.origin, files=()))


def _address(turn: Turn, **more: object) -> dict[str, object]:
    return {"platform": turn.who.platform, "address": turn.who.id, **more}


def _load(row: Sequence[Any]) -> Run:
    """Turn a stored row into a run; the list of pairs holds the answers in the order in which they were given."""
    run_id, dialog, args, pairs, version = row
    return Run(run_id, dialog, args, {str(key): value for key, value in pairs}, version)
