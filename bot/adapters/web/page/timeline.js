// What came when to whom, the newest last; and what is still to come.

import { button, el, moment, stick, t, time } from "./dom.js";
import { get } from "./net.js";

const MOST = 250;
const SHOWN = ["said", "push", "edited", "time", "again"];

export class Timeline {
  constructor(house) {
    this.house = house;
    this.made = document.getElementById("timeline");
    this.waiting = null;
  }

  async begin() {
    this.coming = el("ol", { class: "coming", tabindex: "0", "aria-label": t("timeline.ahead") });
    this.list = el("ol", { class: "lines", tabindex: "0", "aria-label": t("timeline.title") });
    this.made.replaceChildren(
      el("h2", {}, t("timeline.title")),
      this.list,
      el("h3", {}, t("timeline.ahead")),
      this.coming,
    );
    this.made.hidden = false;
    this.scroll = stick(this.list);
    const early = this.waiting ?? [];
    this.waiting = null;
    const found = await get("/api/timeline", { limit: 60 }).catch(() => ({ entries: [] }));
    this.known = new Set();
    this.list.replaceChildren();
    if (found.more) this.offerEarlier(found.entries[0].n);
    for (const entry of [...found.entries, ...early]) this.add(entry);
    this.ready = true;
    this.scroll();
    this.lookAhead();
  }

  offerEarlier(before) {
    const row = el("li", {}, button(t("earlier"), async () => {
      const found = await get("/api/timeline", { limit: 60, before });
      const next = row.nextSibling;
      row.remove();
      for (const entry of found.entries) {
        const line = this.line(entry);
        if (line) this.list.insertBefore(line, next);
      }
      if (found.more) {
        this.offerEarlier(found.entries[0].n);
        this.list.prepend(this.list.lastChild);
      }
    }, { class: "quiet" }));
    this.list.append(row);
  }

  add(entry) {
    if (!this.known) {
      (this.waiting ??= []).push(entry);
      return;
    }
    if (this.known.has(entry.n)) return;
    this.known.add(entry.n);
    const line = this.line(entry);
    if (!line) return;
    // Time that passes step by step is one line.
    if (entry.kind === "time" && this.list.lastChild?.dataset.kind === "time") this.list.lastChild.remove();
    this.list.append(line);
    if (this.list.children.length > MOST) this.list.firstChild.remove();
    if (entry.kind !== "time" && this.ready) this.lookSoon();
  }

  line(entry) {
    if (!SHOWN.includes(entry.kind)) return null;
    if (entry.kind === "time") {
      return el("li", { class: "passed", "data-kind": "time" }, `${moment(entry.at)} UTC`);
    }
    if (entry.kind === "again") return el("li", { class: "passed" }, t("timeline.again"));
    const name = this.house.person(entry.who).name;
    const said = entry.kind === "said";
    const text = said ? entry.label : entry.text;
    return el(
      "li",
      { class: entry.kind },
      button(
        [
          el("time", { datetime: entry.at }, time(entry.at)),
          el("span", { class: "whom", dir: "auto" }, said ? name : t("timeline.to", { name })),
          el("span", { class: "what", dir: "auto" }, text || "…"),
        ],
        () => this.house.visit(entry.who, entry.n),
      ),
    );
  }

  lookSoon() {
    clearTimeout(this.soon);
    this.soon = setTimeout(() => this.lookAhead(), 150);
  }

  async lookAhead() {
    const found = await get("/api/demo/ahead", { limit: 5 }).catch(() => null);
    if (!found) return;
    this.coming.replaceChildren(
      ...found.map(({ kind, due }) =>
        el("li", {}, el("time", { datetime: due }, moment(due)), el("span", {}, t(`ahead.${kind.replaceAll(".", "_")}`))),
      ),
      found.length ? "" : el("li", { class: "hint" }, t("timeline.nothing")),
    );
    this.house.clock?.next(found[0]?.due);
  }
}
