"""A real browser, driven by its own protocol over a web socket: Debian's chromium, or any other of its kind."""

import asyncio
import json
import os
import re
import shutil
import signal
import subprocess
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory, gettempdir
from threading import Thread
from typing import IO, Any, Self

import aiohttp

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
PATIENCE = 30.0
"""Seconds after which something that should have happened has not."""
REMEDY = "The tests of the page need a browser; on Debian: apt-get install chromium, or make browser."
FLAGS = (
    "--headless=new",
    "--remote-debugging-port=0",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--hide-scrollbars",
    "--mute-audio",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--lang=en-GB",
)
KEYS: Mapping[str, tuple[str, int, str]] = {
    "Enter": ("Enter", 13, "\r"),
    "Tab": ("Tab", 9, ""),
    "Escape": ("Escape", 27, ""),
    "Backspace": ("Backspace", 8, ""),
    "ArrowUp": ("ArrowUp", 38, ""),
    "ArrowDown": ("ArrowDown", 40, ""),
    "Space": ("Space", 32, " "),
}
"""By their names: the code, the number, and what is typed."""
ALT, CONTROL, SHIFT = 1, 2, 8


def found() -> str:
    """Find a browser; raises RuntimeError, with the remedy, where there is none."""
    given = os.environ.get("CHROMIUM")
    path = given or next((path for name in NAMES if (path := shutil.which(name))), None)
    if path is None:
        raise RuntimeError(REMEDY)
    return path


class Trouble(AssertionError):
    """What a script of the page raised, or what the browser refused."""


@dataclass(slots=True)
class Browser:
    """A browser that runs; each `window` has cookies and a store of its own."""

    socket: aiohttp.ClientWebSocketResponse
    waiting: dict[int, "asyncio.Future[Any]"] = field(default_factory=dict)
    windows: dict[str, "Window"] = field(default_factory=dict)
    number: int = 0

    async def ask(self, method: str, session: str = "", **params: Any) -> Any:
        """Call a method of the protocol."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        answer = self.waiting[self.number] = asyncio.get_running_loop().create_future()
        await self.socket.send_str(json.dumps(message))
        async with asyncio.timeout(PATIENCE):
            return await answer

    async def listen(self) -> None:
        """Take what comes until the browser ends."""
        async for message in self.socket:
            data = json.loads(message.data)
            if "id" in data:
                waiting = self.waiting.pop(data["id"])
                if waiting.done():
                    continue
                if "error" in data:
                    waiting.set_exception(Trouble(data["error"]["message"]))
                else:
                    waiting.set_result(data["result"])
            elif (window := self.windows.get(data.get("sessionId", ""))) is not None:
                window.heard(data["method"], data["params"])

    @asynccontextmanager
    async def window(self, width: int = 1280, height: int = 900, **media: str) -> "AsyncIterator[Window]":
        """Open a window of its own; `media` are features such as prefers_color_scheme."""
        context = (await self.ask("Target.createBrowserContext"))["browserContextId"]
        made = await self.ask("Target.createTarget", url="about:blank", browserContextId=context)
        attached = await self.ask("Target.attachToTarget", targetId=made["targetId"], flatten=True)
        window = self.windows[attached["sessionId"]] = Window(self, attached["sessionId"])
        for domain in ("Page", "Runtime", "Log", "Network"):
            await window.ask(f"{domain}.enable")
        await window.size(width, height)
        await window.media(**media)
        try:
            yield window
        finally:
            with suppress(Trouble):
                await self.ask("Target.disposeBrowserContext", browserContextId=context)
            del self.windows[attached["sessionId"]]


@dataclass(slots=True)
class Window:
    """A window of the browser."""

    browser: Browser
    session: str
    trouble: list[str] = field(default_factory=list)
    """What went wrong on the page: exceptions, what it was refused, errors that it logged."""
    received: int = 0
    """Bytes that came over the wire, headers included."""
    requests: list[str] = field(default_factory=list)

    def heard(self, method: str, params: Mapping[str, Any]) -> None:
        """Note what the page did wrong, and what it loaded."""
        match method:
            case "Runtime.exceptionThrown":
                thrown = params["exceptionDetails"]
                self.trouble.append(str(thrown.get("exception", {}).get("description", thrown["text"])))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.trouble.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
            case "Network.dataReceived":
                self.received += params["encodedDataLength"]
            case "Network.requestWillBeSent":
                self.requests.append(params["request"]["url"])

    async def ask(self, method: str, **params: Any) -> Any:
        """Call a method of the protocol for this window."""
        return await self.browser.ask(method, self.session, **params)

    async def size(self, width: int, height: int, scale: float = 1) -> None:
        """Make it so large, in CSS pixels."""
        await self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=scale,
            mobile=False,
        )

    async def media(self, **features: str) -> None:
        """Let it prefer something, such as prefers_color_scheme="dark"."""
        told = [{"name": name.replace("_", "-"), "value": value} for name, value in features.items()]
        await self.ask("Emulation.setEmulatedMedia", features=told)

    async def go(self, url: str) -> Self:
        """Load a page, and wait until it is ready."""
        await self.ask("Page.navigate", url=url)
        await self.until(
            "location.href !== 'about:blank' && document.documentElement.dataset.ready === 'yes'"
        )
        return self

    async def reload(self) -> None:
        """Load the page again."""
        await self.run("document.documentElement.dataset.ready = 'old'")
        await self.ask("Page.reload")
        await self.until("document.documentElement.dataset.ready === 'yes'")

    async def run(self, script: str) -> Any:
        """Evaluate an expression, and wait for it where it is a promise; gives its value."""
        done = await self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True, userGesture=True
        )
        if "exceptionDetails" in done:
            thrown = done["exceptionDetails"]
            raise Trouble(thrown.get("exception", {}).get("description", thrown["text"]))
        return done["result"].get("value")

    async def until(self, condition: str) -> Any:
        """Wait until an expression holds; gives its value. A page that is loaded meanwhile is asked again."""
        script = f"""new Promise((done) => {{
            const end = Date.now() + 2000;
            const look = () => {{
                let value;
                try {{ value = {condition}; }} catch (error) {{ value = false; }}
                if (value || Date.now() > end) done(value instanceof Node ? true : value ?? false);
                else setTimeout(look, 10);
            }};
            look();
        }})"""
        try:
            async with asyncio.timeout(PATIENCE):
                while True:
                    with suppress(Trouble):
                        if value := await self.run(script):
                            return value
        except TimeoutError:
            text = await self.run("document.querySelector('#panes, body').innerText")
            seen = saved(await self.picture(), Path(gettempdir()) / "mentorbot-page.png")
            raise AssertionError(
                f"this never held: {condition}\n{text[-1500:]}\n{self.trouble}\n{seen}"
            ) from None

    async def press(self, *keys: str, modifiers: int = 0) -> None:
        """Press keys, by their names or as single characters."""
        for key in keys:
            code, number, text = KEYS.get(
                key, ("", ord(key[0].upper()), key if not modifiers & (ALT | CONTROL) else "")
            )
            told = {
                "key": " " if key == "Space" else key,
                "code": code,
                "windowsVirtualKeyCode": number,
                "modifiers": modifiers,
            }
            down = {"text": text} if text else {}
            await self.ask("Input.dispatchKeyEvent", type="keyDown" if text else "rawKeyDown", **told, **down)
            await self.ask("Input.dispatchKeyEvent", type="keyUp", **told)

    async def type(self, text: str) -> None:
        """Type a text where the focus is."""
        await self.ask("Input.insertText", text=text)

    async def picture(self, *, whole: bool = False) -> bytes:
        """Take a picture, as PNG."""
        shot = await self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        return b64decode(shot["data"])


@contextmanager
def started() -> Iterator[str]:
    """Start a browser, and end it; gives where it listens."""
    with TemporaryDirectory(prefix="mentorbot-browser-", ignore_cleanup_errors=True) as folder:
        alone = ["--no-sandbox"] if os.geteuid() == 0 else []
        command = [found(), *FLAGS, *alone, f"--user-data-dir={folder}", "about:blank"]
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            env={**os.environ, "HOME": folder},
            start_new_session=True,
        )
        assert process.stderr is not None
        addresses = Queue[str]()
        reading = Thread(target=_read, args=(process.stderr, addresses), daemon=True)
        reading.start()
        try:
            address = addresses.get(timeout=PATIENCE)
            if not address.startswith("ws://"):
                raise RuntimeError(f"the browser did not start: {address}")
            yield address
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            reading.join(PATIENCE)
            process.stderr.close()


def _read(stderr: IO[bytes], addresses: "Queue[str]") -> None:
    """Read where the browser listens; what else it has to say is only told where it says nothing of that."""
    told = b""
    for line in stderr:
        told = (told + line)[-2000:]
        if match := re.search(rb"DevTools listening on (ws://\S+)", line):
            addresses.put(match[1].decode())
    addresses.put(told.decode(errors="replace"))


@asynccontextmanager
async def connected(address: str) -> AsyncIterator[Browser]:
    """Drive a browser that runs."""
    async with aiohttp.ClientSession() as client, client.ws_connect(address, max_msg_size=0) as socket:
        running = Browser(socket)
        listening = asyncio.create_task(running.listen())
        try:
            yield running
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


def saved(picture: bytes, path: Path) -> Path:
    """Keep a picture."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(picture)
    return path
