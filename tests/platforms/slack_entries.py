"""Entering the values of fields into Slack's inputs, whether or not its own client would let anybody."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from tests.platforms import slack_inputs
from tests.platforms.slack_inputs import Json

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def entered(element: Json, value: Any) -> Json:
    """Give the state of an input in which a field's value was entered; None empties it."""
    kind, action = element["type"], element["action_id"]
    if value is None:
        return slack_inputs.entered(element, None)
    if kind in slack_inputs.ONE:
        chosen = ("yes" if value else "no") if isinstance(value, bool) else str(value)
        return {"type": kind, "selected_option": option(element, chosen)}
    if kind in slack_inputs.MANY:
        values = (["yes"] if value in (True, "yes") else []) if action == "confirm" else value
        texts = [
            " ".join(str(part) for part in each if part) if isinstance(each, list) else each
            for each in values
        ]
        return {"type": kind, "selected_options": [option(element, text) for text in texts]}
    if kind == "file_input":
        return {"type": kind, "files": [{**value, "mimetype": "application/octet-stream"}]}
    if kind == "datetimepicker":
        return {"type": kind, "selected_date_time": int(datetime.fromisoformat(value).timestamp())}
    if isinstance(value, list):
        return slack_inputs.entered(element, week(value))
    return slack_inputs.entered(element, value)


def option(element: Json, value: str) -> Json:
    """Give an option that is offered, or one as a search would give it."""
    offered = [one for one in slack_inputs.options(element) if one["value"] == value]
    made = {"text": {"type": "plain_text", "text": value[:75], "emoji": False}, "value": value}
    chosen = offered[0] if offered else made
    return {key: chosen[key] for key in ("text", "value")}


def week(spans: Sequence[Sequence[int]]) -> str:
    """Write free hours as one types them."""
    return ", ".join(
        f"{DAYS[day]} {start // 60}:{start % 60:02}-{end // 60}:{end % 60:02}" for day, start, end in spans
    )
