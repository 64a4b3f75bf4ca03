// The page: people in chats side by side, a clock, what came when to whom, and the same on other platforms.

import { Clock } from "./clock.js";
import { announce, button, dialog, el, label, prefer, prefers, recall, remember, speak, t } from "./dom.js";
import { get, post, resend, Stream } from "./net.js";
import { Pane } from "./pane.js";
import { Timeline } from "./timeline.js";

const MOST_PANES = 4;
const RANKED = ["ask", "first", "more_mentors", "accept", "decline", "more", "withdraw", "others"];
const OF_A_CHAT = ["said", "answer", "push", "edited"];

class House {
  constructor(world) {
    this.world = world;
    this.now = world.now;
    this.known = new Map(world.people.map((one) => [one.who, one]));
    for (const one of recall("newcomers", [])) this.known.set(one.who, one);
    this.panes = [];
    this.acting = null;
    this.may = (tool) => world.tools.includes(tool);
  }

  begin() {
    document.title = t("title", { community: this.world.community ?? "mentorbot" });
    document.getElementById("community").textContent = this.world.community ?? "mentorbot";
    label();
    this.drawTools();
    const mentor = this.world.people.find((one) => one.role === "mentor") ?? this.world.people[1];
    const usual = [{ who: this.world.people[0]?.who ?? "you" }, { who: mentor?.who ?? "me", follows: true }];
    this.timeline = new Timeline(this);
    this.stream = new Stream({
      after: this.world.last,
      epoch: this.world.epoch,
      heard: (entry) => this.heard(entry),
      lost: () => this.say(t("lost")),
      found: () => this.say(""),
      anew: () => location.reload(),
    });
    for (const { who, follows } of recall("panes", usual)) this.open(who, follows);
    this.active = this.panes[0];
    if (this.may("clock")) this.clock = new Clock(this);
    if (this.may("clock")) this.timeline.begin();
    if (recall("looks", false)) this.elsewhere(true);
    resend();
    if (this.may("reset") && prefers("toured", "") === "") this.tour();
  }

  say(text) {
    const lost = document.getElementById("lost");
    if (lost.textContent !== text) lost.textContent = text;
    document.body.classList.toggle("is-lost", Boolean(text));
  }

  // --- People -------------------------------------------------------------------------------------------------------

  people() {
    return [...this.known.values()];
  }

  person(who) {
    return this.known.get(who) ?? this.stranger(who, who);
  }

  // Somebody of whom the program knows nothing yet: the page tells what a browser does.
  stranger(who, name) {
    const zone = Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
    const told = { name, locale: this.world.language, zone };
    return { who, name, role: "stranger", zone, locale: told.locale, topics: [], told };
  }

  newcomer(name) {
    const handle = name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 40) || "new";
    const who = this.known.has(handle) ? `${handle}-${this.known.size}` : handle;
    const one = this.stranger(who, name);
    this.known.set(who, one);
    remember("newcomers", [...recall("newcomers", []), one]);
    return who;
  }

  commands(person) {
    const all = this.world.commands[person.locale] ?? Object.values(this.world.commands)[0] ?? [];
    return all.filter(([, , organisers]) => !organisers || person.role === "organiser");
  }

  // --- Panes --------------------------------------------------------------------------------------------------------

  open(who, follows = false) {
    const number = this.panes.length;
    const pane = new Pane(this, number, who, follows);
    this.panes.push(pane);
    const panes = document.getElementById("panes");
    panes.append(pane.made);
    pane.made.addEventListener("focusin", () => (this.active = pane));
    this.changed();
    return pane;
  }

  close(pane) {
    this.panes = this.panes.filter((one) => one !== pane);
    pane.made.remove();
    this.changed();
    this.panes[0].input.focus();
  }

  // Called whenever a pane shows somebody else.
  changed() {
    if (!this.stream) return;
    const kept = this.panes.map(({ who, follows }) => ({ who, follows }));
    remember("panes", kept);
    this.stream.watch(this.panes.map((pane) => pane.who));
    const jump = document.getElementById("jump");
    const more = this.panes.length < MOST_PANES;
    jump.replaceChildren(
      ...this.panes.map((pane) => button(pane.person.name, () => pane.made.scrollIntoView({ inline: "start" }), { dir: "auto" })),
      this.may("clock") ? button(t("timeline.title"), () => document.getElementById("timeline").scrollIntoView()) : null,
      more ? button("+", () => this.open(this.other()).input.focus(), { "aria-label": t("open_pane") }) : null,
    );
  }

  other() {
    const shown = this.panes.map((pane) => pane.who);
    return (this.people().find((one) => !shown.includes(one.who)) ?? { who: "you" }).who;
  }

  visit(who, n) {
    const open = this.panes.find((pane) => pane.who === who);
    const pane = open ?? this.panes[1] ?? this.open(who);
    const look = () => {
      const made = pane.thread.find(n);
      pane.made.scrollIntoView({ inline: "start", block: "nearest" });
      made?.scrollIntoView({ block: "center" });
      made?.focus({ preventScroll: true });
      pane.loaded = null;
    };
    if (pane.who === who && !pane.thread.find(n)) pane.loaded = look;
    if (pane.who === who) look();
    else {
      pane.loaded = look;
      pane.become(who);
    }
  }

  // --- What comes ---------------------------------------------------------------------------------------------------

  acted(pane) {
    this.acting = pane;
    this.mayFollow = true;
  }

  heard(entry) {
    if (entry.at > this.now) this.now = entry.at;
    this.timeline.add(entry);
    this.clock?.at(this.now);
    for (const pane of this.panes) pane.tick(this.now);
    if (!OF_A_CHAT.includes(entry.kind)) return;
    const shown = this.panes.filter((pane) => pane.who === entry.who);
    for (const pane of shown) {
      // A line of a stream that was begun before somebody was shown here tells too little.
      if (entry.message || entry.event) pane.heard(entry);
      else pane.load();
    }
    if (entry.kind === "push" && !shown.length) this.follow(entry);
    if (entry.message && shown.includes(this.active)) this.looks?.show(entry);
  }

  // The pane that follows shows whoever is written to because of what was done in another.
  follow(entry) {
    if (!this.mayFollow) return;
    const pane = this.panes.find((one) => one.follows && one !== this.acting && !one.made.contains(document.activeElement));
    if (!pane) return;
    this.mayFollow = false;
    pane.become(entry.who);
  }

  // What can be asked about a message.
  about(entry, pane) {
    const found = [];
    const ask = (key, open) => found.push(button(t(`tool.${key}`), open, { class: "tool" }));
    if (this.may("looks")) ask("looks", () => this.elsewhere(true, entry));
    if (this.may("why") && entry.kind === "push") ask("why", async () => (await import("./peek.js")).why(entry, pane.person));
    const buttons = [...(entry.message.buttons ?? []), ...(entry.message.items ?? []).flatMap((item) => item.buttons ?? [])];
    if (this.may("match") && buttons.some((each) => RANKED.includes(each.id.split(":")[0]) && each.id.includes(":"))) {
      ask("match", async () => (await import("./peek.js")).match(entry));
    }
    return found;
  }

  // --- Around it ----------------------------------------------------------------------------------------------------

  drawTools() {
    const tools = document.getElementById("tools");
    tools.replaceChildren(
      this.may("looks")
        ? button(t("looks.open"), () => this.elsewhere(!this.looks?.open), { "aria-expanded": "false", "aria-controls": "elsewhere", id: "looks" })
        : "",
      this.may("reset") ? button(t("tour.open"), () => this.tour()) : "",
      button(t("more"), () => this.more(), { "aria-haspopup": "dialog" }),
    );
  }

  async elsewhere(open, entry) {
    const { Looks } = await import("./looks.js");
    this.looks ??= new Looks(this);
    remember("looks", open || null);
    const pane = this.active ?? this.panes[0];
    const newest = [...pane.thread.entries].reverse().find((one) => one.message);
    this.looks.toggle(open, entry ?? newest);
  }

  async tour() {
    const { tour } = await import("./tour.js");
    tour(this);
  }

  more() {
    const language = el("select", { id: "language" }, ...this.world.languages.map((one) => el("option", { value: one }, t(`language.${one}`))));
    language.value = this.world.language;
    language.addEventListener("change", () => {
      prefer("language", language.value);
      location.reload();
    });
    const theme = el("select", { id: "theme" }, ...["auto", "light", "dark"].map((one) => el("option", { value: one }, t(`theme.${one}`))));
    theme.value = prefers("theme", "auto");
    theme.addEventListener("change", () => {
      prefer("theme", theme.value);
      dress();
    });
    const rows = [
      el("p", { class: "row" }, el("label", { for: "language" }, t("language.label")), language),
      el("p", { class: "row" }, el("label", { for: "theme" }, t("theme.label")), theme),
    ];
    if (this.may("link")) rows.push(el("p", { class: "row" }, el("span", {}, t("link.about")), button(t("link.copy"), (event) => this.copy(event.target))));
    if (this.may("reset")) {
      const seed = el("input", { id: "seed", type: "number", min: "0", max: "999999" });
      seed.value = this.world.seed;
      rows.push(
        el("p", { class: "row" }, el("label", { for: "seed" }, t("reset.seed")), seed, button(t("reset.do"), () => anew(Number(seed.value), ""))),
      );
    }
    if (this.may("kill")) {
      rows.push(el("p", { class: "row" }, el("span", {}, t("kill.about")), button(t("kill.do"), () => post("/api/demo/kill", {}).catch(() => null), { class: "danger" })));
    }
    rows.push(el("p", { class: "hint" }, t("keys")));
    dialog(t("more"), ...rows);
  }

  async copy(pressed) {
    const { seed, steps } = await get("/api/demo/link");
    const link = `${location.origin}/#seed=${seed}&steps=${steps}`;
    const shown = el("input", { type: "text", readonly: true, "aria-label": t("link.copy") });
    shown.value = link;
    pressed.parentElement.after(shown);
    shown.select();
    await navigator.clipboard?.writeText(link).then(() => announce(t("link.copied")), () => null);
    pressed.textContent = t("link.copied");
  }
}

async function anew(seed, steps) {
  house.stream.stop();
  document.body.setAttribute("aria-busy", "true");
  for (const key of ["panes", "waiting", "newcomers"]) remember(key, null);
  await post("/api/demo/reset", { seed, steps }).catch((error) => announce(error.message));
  location.hash = "";
  location.reload();
}

// A link may lead to another state than the one here.
function offerLinked(house) {
  const wanted = new URLSearchParams(location.hash.slice(1));
  if (!wanted.has("seed")) return;
  const opened = dialog(
    t("linked.title"),
    el("p", {}, t("linked.text")),
    el(
      "div",
      { class: "buttons" },
      button(t("linked.yes"), () => anew(Number(wanted.get("seed")), wanted.get("steps") ?? ""), { class: "primary" }),
      button(t("linked.no"), () => opened.close()),
    ),
  );
  opened.addEventListener("close", () => history.replaceState(null, "", location.pathname));
  house.panes[0].input.blur();
}

function dress() {
  const theme = prefers("theme", "auto");
  if (theme === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", theme);
}

dress();
const language = prefers("language", navigator.language);
const world = await get("/api/world", { lang: language });
speak(world.words, world.language);
const house = new House(world);
house.begin();
offerLinked(house);
document.addEventListener("keydown", (event) => {
  const number = event.altKey && /^[1-4]$/.test(event.key) ? Number(event.key) : 0;
  if (number) {
    event.preventDefault();
    house.panes[number - 1]?.input.focus();
  }
});
await Promise.all(house.panes.map((pane) => pane.loading));
document.documentElement.dataset.ready = "yes";
