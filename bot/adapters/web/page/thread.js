// What a chat shows: entries of the transcript, each at its place, and which of the forms in it can still be answered.

import { button, day, el, stick, t, time } from "./dom.js";
import { form } from "./form.js";
import { rich } from "./rich.js";

const PICTURES = ["image/png", "image/jpeg", "image/gif", "image/webp"];

// Which messages hold a form that is still open: the newest of each run that was not answered to its end.
export function openForms(entries) {
  const open = new Map();
  const answers = new Map();
  const said = [];
  for (const entry of entries) {
    if (entry.kind === "said") said.push(entry);
    const run = entry.message?.form?.fields?.length ? entry.message.form.run : null;
    if (entry.of) answers.set(entry.of, [...(answers.get(entry.of) ?? []), run]);
  }
  for (const entry of entries) {
    const run = entry.message?.form?.fields?.length ? entry.message.form.run : null;
    if (run !== null) {
      open.delete(run);
      open.set(run, entry.n);
    }
    if (entry.kind !== "said" || !answers.has(entry.id)) continue;
    const meant = answered(entry.event, [...open.keys()].pop());
    if (meant !== undefined && !answers.get(entry.id).includes(meant)) open.delete(meant);
  }
  return new Set(open.values());
}

function answered(event, newest) {
  if (event.run !== undefined) return event.run;
  const cancels = event.press === "cancel" || event.say?.trim() === "/cancel";
  const words = event.say !== undefined && !event.say.startsWith("/") && event.reply_to === undefined;
  return cancels || words ? newest : undefined;
}

export class Thread {
  // `act` does something as this person; `tools` are what can be asked about a message.
  constructor(person, act, tools) {
    Object.assign(this, { person, act, tools });
    this.entries = [];
    this.slots = new Map();
    this.made = el("div", { class: "thread", role: "log", "aria-live": "polite", tabindex: "0" });
    this.made.setAttribute("aria-label", t("thread", { name: person.name }));
    this.scroll = stick(this.made);
    this.open = new Set();
    this.shownDay = "";
  }

  take(entries, { earlier = false } = {}) {
    const known = new Set(this.entries.map((entry) => entry.n));
    const fresh = entries.filter((entry) => !known.has(entry.n));
    if (!fresh.length) return;
    this.entries = earlier ? [...fresh, ...this.entries] : [...this.entries, ...fresh];
    const before = this.open;
    this.open = openForms(this.entries);
    if (earlier) {
      this.redraw();
      return;
    }
    for (const entry of fresh) this.show(entry);
    for (const n of [...before, ...this.open]) {
      if (before.has(n) !== this.open.has(n)) this.renew(n);
    }
  }

  // Forgets what is shown, and gives it.
  clear() {
    const entries = this.entries;
    this.entries = [];
    this.slots.clear();
    this.open = new Set();
    this.shownDay = "";
    this.made.replaceChildren();
    return entries;
  }

  redraw() {
    const from = this.made.scrollHeight - this.made.scrollTop;
    const open = this.open;
    this.entries = this.clear();
    this.open = open;
    for (const entry of this.entries) this.show(entry);
    this.made.scrollTop = this.made.scrollHeight - from;
  }

  show(entry) {
    if (entry.kind === "said") this.pressed(entry.event);
    const place = entry.edits;
    if (place !== undefined && this.slots.has(place)) {
      const slot = this.slots.get(place);
      slot.entry = { ...entry, changed: true };
      this.replace(slot);
      this.drop(entry.of);
      return;
    }
    this.mark(entry.at);
    const slot = { entry };
    slot.made = this.draw(entry);
    this.slots.set(place ?? entry.n, slot);
    this.made.append(slot.made);
  }

  // What was pressed stays marked.
  pressed(event) {
    if (event?.press === undefined) return;
    for (const slot of this.slots.values()) {
      if (slot.entry.n !== event.message) continue;
      slot.pressed = event.press;
      for (const each of slot.made.querySelectorAll("[data-press]")) {
        each.classList.toggle("pressed", each.dataset.press === event.press);
      }
    }
  }

  // A press that was answered in the place of its message needs no line of its own.
  drop(id) {
    for (const [n, slot] of this.slots) {
      if (slot.entry.kind !== "said" || slot.entry.id !== id || slot.entry.event?.press === undefined) continue;
      const alone = slot.made.previousSibling?.className === "day" && !slot.made.nextSibling;
      if (alone) {
        slot.made.previousSibling.remove();
        this.shownDay = "";
      }
      slot.made.remove();
      this.slots.delete(n);
    }
  }

  mark(at) {
    const shown = day(at, this.person.zone);
    if (shown === this.shownDay) return;
    this.shownDay = shown;
    this.made.append(el("p", { class: "day" }, shown));
  }

  renew(n) {
    for (const slot of this.slots.values()) if (slot.entry.n === n) this.replace(slot);
  }

  replace(slot) {
    const focused = slot.made.contains(document.activeElement);
    const made = this.draw(slot.entry, slot.pressed);
    slot.made.replaceWith(made);
    slot.made = made;
    if (focused) made.focus({ preventScroll: true });
  }

  find(n) {
    return [...this.slots.values()].find((slot) => slot.entry.n === n)?.made;
  }

  // --- A message --------------------------------------------------------------------------------------------------

  draw(entry, pressed) {
    const mine = entry.kind === "said";
    const made = el("article", { class: `message ${mine ? "mine" : entry.kind}`, tabindex: "-1", "data-n": entry.n });
    const author = mine ? this.person.name : t("bot");
    made.append(
      el(
        "header",
        { class: "by" },
        el("span", { class: "author", dir: "auto" }, author),
        el("time", { datetime: entry.at }, time(entry.at, this.person.zone)),
        entry.changed ? el("span", { class: "changed" }, t("changed")) : null,
      ),
    );
    made.append(mine ? this.own(entry) : this.theirs(entry, pressed));
    const tools = mine ? this.ownTools(entry) : this.tools(entry);
    if (tools.length) made.append(el("div", { class: "about" }, ...tools));
    return made;
  }

  own(entry) {
    const event = entry.event ?? {};
    const acted = event.press !== undefined || event.values !== undefined;
    const files = (event.files ?? []).map((file) => el("p", { class: "file" }, file.name));
    const text = event.delete ? t("taken_back") : entry.label;
    return el("div", { class: `bubble${acted ? " acted" : ""}`, dir: "auto" }, text, ...files);
  }

  theirs(entry, pressed) {
    const message = entry.message;
    const use = (typed) => this.act({ say: `/${typed}` });
    const made = el("div", { class: "bubble" });
    if (message.body?.length) made.append(el("div", { class: "body", dir: "auto" }, rich(message.body, use)));
    if (message.items?.length) {
      made.append(
        el(
          "ul",
          { class: "items" },
          ...message.items.map((item) =>
            el(
              "li",
              {},
              el("div", { dir: "auto" }, rich(item.body, use)),
              this.buttons(item.buttons, entry, pressed),
            ),
          ),
        ),
      );
    }
    if (message.attached) made.append(file(message.attached, entry.n));
    if (message.form?.fields?.length) made.append(this.form(entry));
    const own = this.buttons(message.buttons, entry, pressed);
    if (own) made.append(own);
    return made;
  }

  buttons(given, entry, pressed) {
    if (!given?.length) return null;
    return el(
      "div",
      { class: "buttons" },
      ...given.map((each) =>
        button(each.label, () => this.act({ press: each.id, message: entry.n }), {
          class: `${each.style ?? "plain"}${each.id === pressed ? " pressed" : ""}`,
          "data-press": each.id,
          "aria-label": each.about ? `${each.label}: ${each.about}` : null,
        }),
      ),
    );
  }

  form(entry) {
    const data = entry.message.form;
    if (!this.open.has(entry.n)) return el("p", { class: "closed" }, data.title);
    return form(data, this.person, {
      send: (values) => this.act({ run: data.run, values, message: entry.n }, true),
      press: (id) => this.act({ press: id, message: entry.n }, true),
    });
  }

  ownTools(entry) {
    const event = entry.event ?? {};
    if (event.say === undefined || event.say.startsWith("/")) return [];
    return [
      button(t("tool.edit"), () => this.tools.edit(entry), { class: "tool" }),
      button(t("tool.take_back"), () => this.act({ delete: true, message: entry.n }), { class: "tool" }),
    ];
  }
}

function file(attached, n) {
  const source = `/api/file?n=${n}`;
  if (PICTURES.includes(attached.mime)) {
    return el("img", { class: "picture", src: source, alt: attached.alt || attached.name });
  }
  return el("a", { class: "file", href: source, download: attached.name }, attached.name);
}
