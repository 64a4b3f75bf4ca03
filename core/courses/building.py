"""From what was found to a sound course, or to all that is wrong with it."""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from graphlib import CycleError, TopologicalSorter

from core.courses.drafts import CourseDraft, CourseText, Fault, LessonDraft, LessonText, Picture, Raw
from core.courses.lessons import TITLE_LIMIT, shape, text_of
from core.courses.parts import Part
from core.reading.texts import shown
from core.topics import Topics

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*", re.ASCII)
SLUG_LIMIT = 60
LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?(?:-[A-Z]{2})?", re.ASCII)
LEVELS = 5
ABOUT_LIMIT, OUTCOME_LIMIT = 600, 200
MOST_LESSONS, MOST_OUTCOMES, MOST_TOPICS, MOST_REQUIRED = 200, 6, 5, 10
PICTURE_LIMIT = 2_000_000
SIGNS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
KEYS = (
    "title", "about", "outcomes", "topics", "requires", "level", "modules",
    "starts", "ends", "capacity", "drip", "mentor", "meetings", "withdrawn",
)  # fmt: skip


def build(raw: Raw, topics: Topics) -> tuple[CourseDraft | None, tuple[Fault, ...]]:
    """Make a draft; with faults there is none."""
    building = _Building(raw, topics)
    draft = building.course()
    faults = tuple(sorted(set(building.faults), key=lambda fault: (fault.file, fault.line)))
    return (None if faults else draft), faults


class _Building:
    """A course under way."""

    def __init__(self, raw: Raw, topics: Topics) -> None:
        self.raw = raw
        self.topics = topics
        self.faults: list[Fault] = []
        self.top = Part(raw.course, raw.where, self.faults)
        self.unknown: list[tuple[str, str]] = []

    def course(self) -> CourseDraft | None:
        """Read all of it."""
        top = self.top
        if not SLUG.fullmatch(self.raw.slug) or len(self.raw.slug) > SLUG_LIMIT:
            top.wrong(
                f'"{shown(self.raw.slug)}" cannot name a course: '
                f"up to {SLUG_LIMIT} letters a-z, figures and hyphens, such as git-basics"
            )
        if not top.only(KEYS):
            return None
        languages = self._languages()
        texts = {language: self._text(language) for language in languages}
        lessons = self._lessons(languages)
        starts, ends = self._day("starts"), self._day("ends")
        if starts and ends and ends < starts:
            top.wrong("ends is before starts: change one of them", "ends")
        level = top.at("level").number(1, LEVELS)
        if level is None and top.at("level").data is None:
            top.wrong(f"level is missing: write how hard it is, from 1 to {LEVELS}", "level")
        file, line = self.raw.where(())
        return CourseDraft(
            slug=self.raw.slug,
            texts=texts,
            topics=self._topics(),
            requires=self._requires(),
            level=level or 1,
            lessons=lessons,
            pictures=self._pictures(),
            starts=starts,
            ends=ends,
            capacity=top.at("capacity").number(1, 100_000),
            drip=top.at("drip").number(1, 60),
            mentor=top.at("mentor").text(160, needed=False) or None,
            meetings=self._meetings(),
            withdrawn=self._withdrawn(),
            unknown=tuple(self.unknown),
            file=file,
            line=line,
        )

    def _withdrawn(self) -> bool:
        part = self.top.at("withdrawn")
        if part.data is not None and not isinstance(part.data, bool):
            part.wrong("withdrawn is true or false")
        return part.data is True

    def _languages(self) -> list[str]:
        """Give the languages of the title, which all the rest has to have."""
        title = self.top.at("title")
        if not isinstance(title.data, dict) or not title.data:
            title.wrong("title needs a line for each language, such as en: Git without fear")
            return []
        for language in title.data:
            if not LANGUAGE.fullmatch(language):
                title.wrong(f'"{shown(language)}" is no language: write its code, such as en or zh', language)
        return [language for language in title.data if LANGUAGE.fullmatch(language)]

    def _spoken(self, part: Part, language: str, limit: int) -> str:
        """Read a text in one language."""
        if not isinstance(part.data, dict):
            part.wrong(f"{part.name} needs a line for each language, such as {language}: …")
            return ""
        known = self.top.at("title").data
        for other in part.data:
            if other not in known:
                part.wrong(f'{part.name} has "{shown(other)}", which the title has not: add it there', other)
        return part.at(language).text(limit)

    def _text(self, language: str) -> CourseText:
        top = self.top
        outcomes = top.at("outcomes").several(MOST_OUTCOMES, 1)
        modules = top.at("modules").several(MOST_LESSONS, 1)
        return CourseText(
            self._spoken(top.at("title"), language, TITLE_LIMIT),
            self._spoken(top.at("about"), language, ABOUT_LIMIT),
            tuple(self._spoken(each, language, OUTCOME_LIMIT) for each in outcomes),
            tuple(self._spoken(each.at("title"), language, TITLE_LIMIT) for each in modules),
        )

    def _topics(self) -> dict[str, int]:
        part = self.top.at("topics")
        if not isinstance(part.data, dict) or not 1 <= len(part.data) <= MOST_TOPICS:
            part.wrong(
                f"topics needs one to {MOST_TOPICS} topics with the level they lead to, such as git: 2"
            )
            return {}
        found: dict[str, int] = {}
        for typed in part.data:
            level = part.at(typed).number(1, LEVELS)
            if level is None and part.at(typed).data is None:
                part.wrong(f"the topic {shown(typed)} needs a level from 1 to {LEVELS}", typed)
            resolved = self.topics.resolve(typed)
            slug = resolved.slug or self.topics.unknown(typed)
            if resolved.slug is None:
                self.unknown.append((slug, typed))
            if slug in found:
                part.wrong(f"the topic {shown(typed)} stands twice", typed)
            found[slug] = level or 1
        return found

    def _requires(self) -> tuple[str, ...]:
        found: list[str] = []
        for part in self.top.at("requires").several(MOST_REQUIRED):
            slug = part.text(SLUG_LIMIT)
            if slug == self.raw.slug:
                part.wrong("the course requires itself: leave that out")
            elif slug in found:
                part.wrong(f"{shown(slug)} stands twice in requires: keep it once")
            elif slug:
                found.append(slug)
        return tuple(found)

    def _day(self, key: str) -> date | None:
        part = self.top.at(key)
        if part.data is None or (isinstance(part.data, date) and not isinstance(part.data, datetime)):
            return part.data
        try:
            return date.fromisoformat(str(part.data))
        except ValueError:
            part.wrong(f'{key} is "{shown(str(part.data))}": write a day such as 2026-03-09')
            return None

    def _meetings(self) -> tuple[datetime, ...]:
        found: list[datetime] = []
        for part in self.top.at("meetings").several(50):
            try:
                at = part.data if isinstance(part.data, datetime) else datetime.fromisoformat(str(part.data))
                assert at.tzinfo is not None
            except (ValueError, AssertionError):
                part.wrong("a meeting needs day, time and offset, such as 2026-03-10T18:00+01:00")
            else:
                found.append(at)
        return tuple(sorted(found))

    # --- Lessons ------------------------------------------------------------------------------------------------

    def _lessons(self, languages: Sequence[str]) -> tuple[LessonDraft, ...]:
        found: list[LessonDraft] = []
        named: set[str] = set()
        for number, module in enumerate(self.top.at("modules").several(MOST_LESSONS, 1)):
            if not module.only(("title", "lessons")):
                continue
            for part in module.at("lessons").several(MOST_LESSONS, 1):
                slug = part.text(SLUG_LIMIT)
                if slug in named:
                    part.wrong(f'the lesson "{shown(slug)}" stands twice: keep one, or rename one')
                elif not SLUG.fullmatch(slug):
                    part.wrong(f'"{shown(slug)}" cannot name a lesson: letters a-z, figures and hyphens')
                else:
                    named.add(slug)
                    found.append(self._lesson(slug, number, languages, part))
        for language, slug in self.raw.lessons:
            if slug not in named:
                lesson = self.raw.lessons[language, slug]
                file, line = lesson.where(())
                self.faults.append(
                    Fault(file, line, "no module has this lesson: add it under modules, or remove it")
                )
            elif language not in languages:
                file, line = self.raw.lessons[language, slug].where(())
                self.faults.append(
                    Fault(file, line, f'the title has no "{shown(language)}": add it there, or remove this')
                )
        if len(found) > MOST_LESSONS:
            self.top.wrong(f"{len(found)} lessons are too many: {MOST_LESSONS} at the most", "modules")
        return tuple(found)

    def _lesson(self, slug: str, module: int, languages: Sequence[str], part: Part) -> LessonDraft:
        texts: dict[str, LessonText] = {}
        for language in languages:
            raw = self.raw.lessons.get((language, slug))
            if raw is None:
                part.wrong(f'the lesson "{slug}" is missing in {language}: write it, or take {language} out')
            else:
                texts[language] = text_of(raw, self.raw.pictures, self.faults)
        shapes = {shape(text.check) for text in texts.values()}
        if len(shapes) > 1:
            part.wrong(
                f'the check of "{slug}" differs between its languages: '
                "kind, number of options and right ones have to be the same"
            )
        return LessonDraft(slug, module, texts)

    # --- Pictures -----------------------------------------------------------------------------------------------

    def _pictures(self) -> tuple[Picture, ...]:
        found: list[Picture] = []
        for file, data in sorted(self.raw.pictures.items()):
            mime = next((mime for sign, mime in SIGNS.items() if data.startswith(sign)), None)
            home = self.raw.where(())[0].rpartition("/")[0]
            place = f"{home}/{file}" if home else file
            if mime is None:
                self.faults.append(Fault(place, 1, "this is neither a PNG nor a JPEG picture: convert it"))
            elif len(data) > PICTURE_LIMIT:
                why = f"the picture is over {PICTURE_LIMIT // 1_000_000} MB: make it smaller"
                self.faults.append(Fault(place, 1, why))
            else:
                found.append(Picture(file, mime, data))
        return tuple(found)


def cycle(requires: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Find courses that require each other in a circle: each requires the next, the last is the first again."""
    try:
        TopologicalSorter({slug: sorted(requires[slug]) for slug in sorted(requires)}).prepare()
    except CycleError as error:
        return tuple(reversed(error.args[1]))
    return ()
