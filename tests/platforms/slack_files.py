"""Slack's files, sent in three steps and fetched with the token; and its response URLs."""

import mimetypes
from typing import Any

from aiohttp import web

from tests.platforms.slack_core import Hook, Refusal
from tests.platforms.slack_inputs import Json
from tests.platforms.slack_methods import Methods
from tests.platforms.slack_world import File, Team

SIGN_IN = "<!DOCTYPE html><html><head><title>Sign in to Slack</title></head><body>Sign in</body></html>"


class Files(Methods):
    """Answers where the app sends and fetches files, and where it answers by a response_url."""

    def __init__(self, seed: int = 0) -> None:
        """Prepare it; every chance in it comes from the seed."""
        super().__init__(seed)
        self.web.router.add_post("/upload/v1/{file}", self._upload)
        self.web.router.add_get("/files-pri/{file}/{rest:.*}", self._download)
        self.web.router.add_post("/actions/{hook:.*}", self._hooked)

    # Files

    def _files_getuploadurlexternal(self, team: Team, body: Json) -> Json:
        length = int(body["length"])
        if length <= 0:
            raise Refusal(
                "invalid_arguments", response_metadata={"messages": ["[ERROR] length must be over 0"]}
            )
        file = self.keep_file(team, str(body["filename"]), b"", team.bot_user)
        file.length, file.data = length, None
        return {"upload_url": f"{self.url}/upload/v1/{file.id}", "file_id": file.id}

    def keep_file(self, team: Team, name: str, data: bytes, owner: str) -> File:
        """Put a file on Slack."""
        mime = mimetypes.guess_type(name)[0] or "application/octet-stream"
        file = File(f"F{self.number():08d}", name, len(data), owner, mime=mime, data=data)
        team.files[file.id] = file
        return file

    def _file(self, name: str) -> tuple[Team, File] | None:
        return next(((team, team.files[name]) for team in self.teams.values() if name in team.files), None)

    async def _upload(self, request: web.Request) -> web.StreamResponse:
        found = self._file(request.match_info["file"])
        if request.content_type.startswith("multipart/"):
            part = next(iter((await request.post()).values()), None)
            data = part.file.read() if isinstance(part, web.FileField) else b""
        else:
            data = await request.read()

        async def act() -> web.StreamResponse:
            if found is None or found[1].data is not None:
                return web.Response(status=404, text="no such upload")
            if len(data) != found[1].length:
                self.violate(f"an upload of {len(data)} bytes where {found[1].length} were announced")
                return web.Response(status=400, text="length")
            found[1].data = data
            return web.Response(text=f"OK - {len(data)}")

        return await self.serve(
            request, "upload", {"file": request.match_info["file"], "length": len(data)}, act
        )

    def _files_completeuploadexternal(self, team: Team, body: Json) -> Json:
        files: list[File] = []
        for item in body["files"]:
            file = team.files.get(item["id"])
            if file is None or file.data is None or file.shared or file.owner != team.bot_user:
                raise Refusal("file_not_found")
            file.title = item.get("title", "")
            files.append(file)
        names = [n for n in (body.get("channel_id") or body.get("channels") or "").split(",") if n]
        channels = [self._channel(team, name) for name in names]
        for channel in channels:
            if channel.archived:
                raise Refusal("is_archived")
            comment = str(body.get("initial_comment") or "")
            if comment:
                self.checked_text("files.completeUploadExternal", {"text": comment})
            blocks = (
                self.checked_blocks("files.completeUploadExternal", b, "message")
                if (b := body.get("blocks"))
                else []
            )
            self.post(team, channel.id, team.bot_user, comment, blocks, body.get("thread_ts"), files)
        for file in files:
            file.shared = True
        return {"files": [{"id": file.id, "title": file.title or file.name} for file in files]}

    def _files_info(self, team: Team, body: Json) -> Json:
        file = team.files.get(body["file"])
        if file is None or file.data is None:
            raise Refusal("file_not_found")
        return {"file": file.json(self.url), "comments": [], "response_metadata": {"next_cursor": ""}}

    async def _download(self, request: web.Request) -> web.StreamResponse:
        async def act() -> web.StreamResponse:
            found = self._file(request.match_info["file"])
            token = request.headers.get("Authorization", "").removeprefix("Bearer ")
            if found is None or found[1].data is None:
                return web.Response(status=404)
            team, file = found
            if (
                token != team.bot_token
                or team.state != "installed"
                or "files:read" not in team.scopes.split(",")
            ):
                # Slack shows the page to sign in, with status 200: who does not look takes it for the file.
                return web.Response(text=SIGN_IN, content_type="text/html")
            return web.Response(body=file.data, content_type=file.mime)

        return await self.serve(request, "download", {"file": request.match_info["file"]}, act)

    # Response URLs

    async def _hooked(self, request: web.Request) -> web.StreamResponse:
        body = await self.read(request)

        async def act() -> web.StreamResponse:
            hook = self.hooks.get(request.match_info["hook"])
            if hook is None or self.now > hook.until:
                return web.json_response({"ok": False, "error": "expired_url"}, status=404)
            if not hook.uses:
                self.violate("a response_url is used more than five times")
                return web.json_response({"ok": False, "error": "used_url"}, status=404)
            hook.uses -= 1
            try:
                self.respond(hook, body)
            except Refusal as refusal:
                return web.json_response(refusal.body, status=400)
            return web.json_response({"ok": True})

        return await self.serve(request, "response_url", body, act)

    def respond(self, hook: Hook, body: Json) -> None:
        """Answer where somebody acted: to them alone unless `in_channel`, or in place of the original."""
        known = {"text", "blocks", "response_type", "replace_original", "delete_original", "attachments",
                 "thread_ts", "unfurl_links", "unfurl_media", "metadata", "mrkdwn"}  # fmt: skip
        if unknown := body.keys() - known:
            self.violate(f"response_url: unknown arguments {sorted(unknown)}")
        team, original = self.teams[hook.team], hook.original
        if truthy(body.get("delete_original")) and original is not None:
            original.deleted = True
            self.changed()
            return
        text, blocks = self._content("response_url", body)
        if truthy(body.get("replace_original")) and original is not None:
            event = self.change(team, original, text, blocks, team.bot_user)
            if self.echoes and not original.ephemeral:
                self.echo(team, event)
        elif body.get("response_type") == "in_channel":
            self.post(team, hook.channel, team.bot_user, text, blocks)
        else:
            self.whisper(team, hook.channel, hook.user, text, blocks)


def truthy(value: Any) -> bool:
    """Whether a flag is set, in JSON or in a form."""
    return value is True or str(value).lower() == "true"
