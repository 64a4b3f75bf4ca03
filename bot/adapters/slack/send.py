"""Messages, files and rooms on their way to Slack, and files from it."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from urllib.parse import urlsplit

import aiohttp

from bot.adapters.slack import blocks
from bot.adapters.slack.calls import Calls, Failed
from bot.ports import Attached, Delivery, File, Later, Place, Refused, Rendered, Sent, Unknown

PART = 65_536
OURS = "slack.com"


async def push(calls: Calls, team: str, channel: str, message: Rendered) -> Delivery:
    """Post a message, in several parts where it is long, and its file after it."""
    uploaded = None if message.attached is None else await _upload(calls, team, message.attached)
    if isinstance(uploaded, Failed):
        return uploaded.means
    where = ref = ""
    for payload in blocks.messages(message):
        # Only the first part can be put off: from then on the message has begun to arrive.
        post = calls.reply if ref else partial(calls.push, urgent=message.urgent)
        posted = await post(
            team,
            "chat.postMessage",
            channel=channel,
            unfurl_links=False,
            unfurl_media=False,
            **payload,
        )
        if isinstance(posted, Failed):
            return Unknown(f"only a part arrived: {posted.error}") if ref else posted.means
        where = str(posted["channel"])
        ref = ref or f"{where}/{posted['ts']}"
    if uploaded is not None and message.attached is not None:
        files = [{"id": uploaded, "title": message.attached.name}]
        shared = await calls.reply(team, "files.completeUploadExternal", files=files, channel_id=where)
        if isinstance(shared, Failed):
            return Unknown(f"the words arrived, the file did not: {shared.error}")
    return Sent(ref)


async def edit(calls: Calls, team: str, ref: str, message: Rendered) -> Delivery:
    """Put new words in the place of a message; what does not fit there follows it."""
    channel, _, ts = ref.partition("/")
    first, *rest = blocks.messages(message)
    edited = await calls.push(team, "chat.update", urgent=message.urgent, channel=channel, ts=ts, **first)
    if isinstance(edited, Failed):
        return edited.means
    for payload in rest:
        posted = await calls.reply(team, "chat.postMessage", channel=channel, **payload)
        if isinstance(posted, Failed):
            return Unknown(f"only a part arrived: {posted.error}")
    return Sent(ref)


async def gather(calls: Calls, team: str, users: Sequence[str]) -> Place | None:
    """Open the group conversation of these people, or give the one they have; None where they may have none.

    Raises ConnectionError where asking again later can help.
    """
    opened = await calls.reply(team, "conversations.open", users=",".join(users))
    if not isinstance(opened, Failed):
        return Place("slack", f"{team}/{opened['channel']['id']}")
    if isinstance(opened.means, Later | Unknown) or (
        isinstance(opened.means, Refused) and opened.means.again
    ):
        raise ConnectionError(opened.error)
    return None


async def _upload(calls: Calls, team: str, file: Attached) -> str | Failed:
    """Leave a file with Slack, to be shared once the words have arrived; gives its id."""
    described = {"alt_txt": file.alt} if file.alt else {}
    place = await calls.reply(
        team, "files.getUploadURLExternal", filename=file.name, length=len(file.data), **described
    )
    if isinstance(place, Failed):
        return place
    assert calls.session is not None
    try:
        async with calls.session.post(place["upload_url"], data=file.data) as answer:
            if answer.status == 200:
                return str(place["file_id"])
            why = f"Slack did not take the file: {answer.status}"
    except (aiohttp.ClientError, TimeoutError) as error:
        why = f"Slack did not take the file: {type(error).__name__}"
    # A file that was not shared is seen by nobody: trying again makes no copy.
    return Failed(why, Refused(why, again=True))


async def read(calls: Calls, api_url: str, file: File) -> AsyncIterator[bytes]:
    """Read a file's bytes; raises FileNotFoundError where Slack has it no more or keeps it elsewhere."""
    team, _, name = file.id.partition("/")
    told = await calls.reply(team, "files.info", file=name)
    if isinstance(told, Failed):
        if isinstance(told.means, Later | Unknown):
            raise ConnectionError(told.error)
        raise FileNotFoundError(told.error)
    shown = told.get("file")
    url = str(shown.get("url_private_download") or "") if isinstance(shown, dict) else ""
    # Only from Slack itself: a file may be a link to somewhere else, and the token is not for them.
    host = urlsplit(url).hostname or ""
    if host != urlsplit(api_url).hostname and not f".{host}".endswith(f".{OURS}"):
        raise FileNotFoundError("it is not kept by Slack")
    workspace = calls.workspaces[team]
    assert calls.session is not None
    bearer = {"Authorization": f"Bearer {workspace.client.token}"}
    async with calls.session.get(url, headers=bearer, allow_redirects=False) as answer:
        if answer.status != 200:
            raise FileNotFoundError(f"Slack answered {answer.status}")
        # Without the right to read files Slack answers with a page to sign in, as if all were well.
        if answer.content_type == "text/html" != file.mime:
            raise FileNotFoundError("the app may not read it: is files:read among its scopes?")
        async for part in answer.content.iter_chunked(PART):
            yield part
