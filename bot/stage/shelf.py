"""The courses that come with the program: what the demo's community, and a scripted conversation, can learn."""

from pathlib import Path

from sqlalchemy import Connection

from bot.app import App
from core.courses import folder, importing
from core.courses.drafts import CourseDraft


def home() -> Path:
    """Find them: beside the package in a wheel, at the top of a checkout."""
    here = Path(__file__).parents[1]
    inside = here / "courses"
    return inside if inside.is_dir() else here.parent / "courses"


async def stock(app: App, places: Path | None = None, only: tuple[str, ...] = ()) -> list[str]:
    """Bring in the courses of a folder, or some of them; returns their slugs. A faulty one is left out."""
    place = places or home()
    drafts = folder.read(place, app.world.topics)[0] if place.is_dir() else ()
    wanted = [draft for draft in drafts if not only or draft.slug in only]

    def put(tx: Connection, drafts: list[CourseDraft] = wanted) -> list[str]:
        left, _ = importing.sound(tx, drafts)
        now = app.clock()
        return [each.slug for each in importing.put(tx, left, app.world.topics, app.settings.policy, now)]

    return await app.database.write(put)
