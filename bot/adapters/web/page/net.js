// What goes to the server and what comes from it. What somebody does has a name of its own, is kept in this window until
// the server has it, and is sent again after a loss: the same name has no second effect.

import { recall, remember } from "./dom.js";

const AGAIN = 400;
const WAITING = "waiting";

export async function get(path, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value !== undefined));
  const answer = await fetch(`${path}?${query}`);
  if (!answer.ok) throw new Error(`${path}: ${answer.status}`);
  return answer.json();
}

export async function post(path, data) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(data),
  });
  if (answer.status === 503) throw new TypeError("not ready");
  if (!answer.ok) throw new Error((await answer.json().catch(() => ({}))).error ?? `${path}: ${answer.status}`);
  return answer.json();
}

export async function upload(file) {
  const query = new URLSearchParams({ name: file.name, mime: file.type || "application/octet-stream" });
  const answer = await fetch(`/api/files?${query}`, {
    method: "POST",
    headers: { "Content-Type": "application/octet-stream" },
    body: file,
  });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

// --- What somebody does -----------------------------------------------------------------------------------------------

const name = () => Math.random().toString(36).slice(2, 10) + Date.now().toString(36).slice(-4);
let sending = Promise.resolve();

export function act(who, event) {
  const whole = { id: name(), who, ...event };
  remember(WAITING, [...recall(WAITING, []), whole]);
  return send(whole);
}

export function resend() {
  for (const each of recall(WAITING, [])) send(each);
}

// One after another, in the order in which they were done; gives the last entry that came of it.
function send(event) {
  sending = sending.then(async () => {
    let last = 0;
    for (;;) {
      try {
        ({ last } = await post("/api/act", event));
        break;
      } catch (error) {
        if (!(error instanceof TypeError)) break; // it was heard, and refused
        await new Promise((done) => setTimeout(done, AGAIN));
      }
    }
    const rest = recall(WAITING, []).filter((each) => each.id !== event.id);
    remember(WAITING, rest.length ? rest : null);
    return last;
  });
  return sending;
}

// --- What comes -------------------------------------------------------------------------------------------------------

// Listens for ever: `heard` gets entries in order; `lost` and `found` say how the connection is.
export class Stream {
  constructor({ after, epoch, heard, lost, found, anew }) {
    Object.assign(this, { after, epoch, heard, lost, found, anew });
    this.people = "";
    document.addEventListener("visibilitychange", () => this.listen());
  }

  // For good: the page is about to be loaded again.
  stop() {
    this.listen = this.anew = () => null;
    this.source?.close();
    clearTimeout(this.timer);
  }

  // Waits until what is kept up to an entry was heard.
  async until(n) {
    while (this.after < n) await new Promise((done) => setTimeout(done, 5));
  }

  watch(people) {
    const wanted = [...new Set(people)].sort().join(",");
    if (wanted === this.people && this.source) return;
    this.people = wanted;
    this.listen();
  }

  listen() {
    this.source?.close();
    this.source = null;
    clearTimeout(this.timer);
    // A browser has six connections to a server: windows that nobody sees take none.
    if (document.visibilityState === "hidden") return;
    const query = new URLSearchParams({ after: this.after, who: this.people });
    const source = new EventSource(`/api/events?${query}`);
    this.source = source;
    source.onopen = () => this.found();
    source.onmessage = (event) => {
      const entry = JSON.parse(event.data);
      if (entry.n <= this.after) return;
      this.after = entry.n;
      this.heard(entry);
    };
    source.onerror = () => {
      if (this.source !== source) return;
      source.close();
      this.lost();
      this.timer = setTimeout(() => this.back(), AGAIN);
    };
  }

  async back() {
    try {
      const world = await get("/api/world");
      if (world.epoch !== this.epoch) this.anew();
      else this.listen();
    } catch {
      this.timer = setTimeout(() => this.back(), AGAIN);
    }
  }
}
