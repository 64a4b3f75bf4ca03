"""What Telegram's API says: updates with a message or a press, and the answer to a message that was sent."""

import json
from typing import Any

OK = json.dumps(
    {
        "ok": True,
        "result": {"message_id": 2, "date": 1772442000, "chat": {"id": 1, "type": "private"}, "text": "ok"},
    }
).encode()


def update_json(user: int, number: int, text: str) -> dict[str, Any]:
    """Write a message as Telegram's API gives it."""
    person = {"id": user, "is_bot": False, "first_name": f"U{user}", "language_code": "en"}
    message: dict[str, Any] = {
        "message_id": number + 1,
        "date": 1772442000,
        "chat": {"id": user, "type": "private", "first_name": f"U{user}"},
        "from": person,
        "text": text,
    }
    if text.startswith("/"):
        message["entities"] = [{"type": "bot_command", "offset": 0, "length": len(text)}]
    return {"update_id": user * 100 + number, "message": message}


def press_json(user: int, number: int, shown: dict[str, Any], data: str) -> dict[str, Any]:
    """Write a press on a button as Telegram's API gives it; `shown` has the text and keyboard of the message."""
    person = {"id": user, "is_bot": False, "first_name": f"U{user}", "language_code": "en"}
    message = {
        "message_id": number,
        "date": 1772442000,
        "chat": {"id": user, "type": "private", "first_name": f"U{user}"},
        "from": {"id": 1, "is_bot": True, "first_name": "b", "username": "b"},
        **shown,
    }
    query = {
        "id": str(10**17 + user * 100 + number),
        "from": person,
        "chat_instance": "1",
        "message": message,
    }
    return {"update_id": user * 100 + number, "callback_query": {**query, "data": data}}
