"""What Telegram's API says: an update with a message, and the answer to one that was sent."""

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
