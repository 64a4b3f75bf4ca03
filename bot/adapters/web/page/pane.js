// A chat: who one is, what was said, and what one can do. Drafts and the place of everything last through a reload.

import { button, dialog, el, fresh, recall, remember, t, time } from "./dom.js";
import { act, get, upload } from "./net.js";
import { pickPerson } from "./people.js";
import { Thread } from "./thread.js";

const A_FEW = 8;

export class Pane {
  // `house` is the page: people, commands, tools, and what follows when a pane changes.
  constructor(house, number, who, follows) {
    Object.assign(this, { house, number, follows });
    this.made = el("section", { class: "pane", "data-pane": number });
    this.asked = false;
    this.become(who);
  }

  async become(who) {
    this.person = this.house.person(who);
    this.who = who;
    this.reply = null;
    this.editing = null;
    this.thread = new Thread(this.person, (event, asked) => this.act(event, asked), this.tools());
    this.draw();
    this.house.changed();
    this.loading = this.load();
    await this.loading;
  }

  async load() {
    const mine = this.thread;
    const found = await get("/api/chat", { who: this.who }).catch(() => ({ entries: [], more: false }));
    if (mine !== this.thread) return;
    const early = mine.clear();
    mine.take(found.entries);
    mine.take(early);
    if (found.more) this.offerEarlier();
    this.empty();
    mine.scroll();
    this.loaded?.();
  }

  offerEarlier() {
    const earlier = button(
      t("earlier"),
      async () => {
        const first = this.thread.entries[0]?.n;
        const found = await get("/api/chat", { who: this.who, before: first });
        earlier.remove();
        this.thread.take(found.entries, { earlier: true });
        if (found.more) this.offerEarlier();
      },
      { class: "quiet earlier" },
    );
    this.thread.made.prepend(earlier);
  }

  empty() {
    this.hello?.remove();
    this.hello = null;
    if (this.thread.entries.length) return;
    this.hello = el(
      "div",
      { class: "hello" },
      el("p", {}, t("empty", { name: this.person.name })),
      el("div", { class: "buttons" }, ...this.suggestions()),
    );
    this.thread.made.append(this.hello);
  }

  suggestions() {
    const topic = this.person.topics?.[0]?.replaceAll("-", " ") ?? "python";
    const looks = ["mentee", "both"].includes(this.person.role) ? [`/find ${topic}`] : [];
    const names = this.person.role === "organiser" ? ["/organiser"] : this.person.role === "stranger" ? ["/signup"] : looks;
    return [...names, "/help"].map((typed) => button(typed, () => this.act({ say: typed }), { class: "plain" }));
  }

  heard(entry) {
    this.hello?.remove();
    this.hello = null;
    this.thread.take([entry]);
    if (entry.kind !== "answer") return;
    // Whoever is asked something goes on there; whoever answered the last question, at what was said to it.
    const made = this.thread.find(entry.n);
    const next = made?.querySelector("[aria-invalid], .form input, .form textarea, .form select, .form button");
    if (!made || !(next || this.asked) || this.input.value) return;
    this.asked = false;
    if (this.made.contains(document.activeElement) || document.activeElement === document.body) {
      (next ?? made).focus({ preventScroll: true });
      made.scrollIntoView({ block: "nearest" });
    }
  }

  act(event, asked = false) {
    this.asked = asked;
    this.house.acted(this);
    const told = this.person.told ?? {};
    return act(this.who, { ...told, ...event }).then((last) => this.house.stream.until(last));
  }

  // --- Its looks ----------------------------------------------------------------------------------------------------

  draw() {
    const { person } = this;
    const local = el("span", { class: "local" });
    this.tick = (now) => (local.textContent = `${t(`role.${person.role}`)} · ${time(now, person.zone)} · ${place(person.zone)}`);
    this.tick(this.house.now);
    const named = fresh("pane");
    const change = button(
      el("span", { dir: "auto" }, person.name),
      () => pickPerson(this.house, (who) => this.become(who)),
      { class: "who", id: named, "aria-haspopup": "dialog", "aria-description": t("change_person") },
    );
    const follow = el("input", {
      type: "checkbox",
      checked: this.follows,
      onchange: (event) => {
        this.follows = event.target.checked;
        this.house.changed();
      },
    });
    this.made.setAttribute("aria-labelledby", named);
    this.made.replaceChildren(
      el(
        "header",
        { class: "pane-head" },
        el("span", { class: "face", "aria-hidden": "true" }, initials(person.name)),
        el("div", { class: "names" }, el("h2", {}, change), local),
        this.number > 0
          ? el("label", { class: "follow", title: t("follow_hint") }, follow, el("span", {}, t("follow")))
          : null,
        button([el("b", {}, "/"), el("span", {}, t("commands"))], () => this.menu(), { class: "quiet menu", "aria-haspopup": "dialog" }),
        this.number > 1
          ? button("×", () => this.house.close(this), { class: "quiet close", "aria-label": t("close_pane", { name: person.name }) })
          : null,
      ),
      this.thread.made,
      this.composer(),
    );
  }

  composer() {
    const draft = `draft:${this.who}`;
    const list = el("ul", { class: "list above", role: "listbox", id: fresh("commands"), hidden: true, "aria-label": t("commands") });
    const input = el("textarea", {
      rows: "1",
      id: fresh("say"),
      placeholder: t("write"),
      "aria-label": t("write_as", { name: this.person.name }),
      "aria-autocomplete": "list",
      "aria-controls": list.id,
      dir: "auto",
    });
    input.value = recall(draft, "");
    const about = el("p", { class: "replying", hidden: true });
    const files = el("input", { type: "file", class: "unseen", tabindex: "-1", "aria-hidden": "true" });
    let found = [];
    let active = -1;
    let from = 0;

    const send = async () => {
      const text = input.value.trim();
      if (!text && !files.files.length) return;
      const event = this.editing !== null ? { edit: text, message: this.editing } : { say: text };
      if (this.reply !== null) event.reply_to = this.reply;
      if (files.files.length) event.files = [await upload(files.files[0])];
      input.value = "";
      files.value = "";
      remember(draft, null);
      this.aim(null, null);
      complete();
      this.act(event);
    };

    const complete = () => {
      const typed = /^\/(\S*)$/.exec(input.value);
      const commands = this.house.commands(this.person);
      found = typed ? commands.filter(([name]) => name.startsWith(typed[1].toLowerCase())) : [];
      active = -1;
      from = 0;
      list.hidden = !found.length;
      input.removeAttribute("aria-activedescendant");
      listed();
    };

    // A few at a time, so that nothing has to be scrolled.
    const listed = () => {
      list.replaceChildren(
        ...found.slice(from, from + A_FEW).map(([name, does], at) =>
          el(
            "li",
            {
              role: "option",
              id: fresh("command"),
              "aria-selected": String(from + at === active),
              "aria-posinset": from + at + 1,
              "aria-setsize": found.length,
              onmousedown: (event) => {
                event.preventDefault();
                take(name);
              },
            },
            el("b", {}, `/${name}`),
            el("span", {}, does),
          ),
        ),
      );
    };

    const take = (name) => {
      input.value = `/${name} `;
      complete();
      input.focus();
    };

    const choose = (number) => {
      active = (number + found.length) % found.length;
      from = Math.max(Math.min(from, active), active - A_FEW + 1);
      listed();
      input.setAttribute("aria-activedescendant", list.children[active - from].id);
    };

    input.addEventListener("input", () => {
      remember(draft, input.value);
      complete();
    });
    input.addEventListener("blur", () => (list.hidden = true));
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (!list.hidden && ["ArrowDown", "ArrowUp"].includes(event.key)) {
        event.preventDefault();
        choose(active + (event.key === "ArrowDown" ? 1 : -1));
      } else if (!list.hidden && event.key === "Tab" && !event.shiftKey && input.value.length > 1) {
        event.preventDefault();
        take(found[Math.max(active, 0)][0]);
      } else if (!list.hidden && event.key === "Enter" && active >= 0) {
        event.preventDefault();
        take(found[active][0]);
      } else if (event.key === "Escape") {
        if (list.hidden) this.aim(null, null);
        list.hidden = true;
      } else if (event.key === "Enter" && !event.shiftKey) {
        event.preventDefault();
        send();
      }
    });
    files.addEventListener("change", () => this.aim(this.reply, null, files.files[0]?.name));

    this.input = input;
    this.aim = (reply, editing, note) => {
      this.reply = reply;
      this.editing = editing;
      const told = note ?? (editing !== null ? t("editing") : reply !== null ? t("replying") : "");
      about.hidden = !told;
      about.replaceChildren(
        told,
        button("×", () => {
          files.value = "";
          this.aim(null, null);
        }, { class: "quiet", "aria-label": t("close") }),
      );
    };
    return el(
      "div",
      { class: "composer" },
      list,
      about,
      el(
        "div",
        { class: "line" },
        button("+", () => files.click(), { class: "quiet attach", "aria-label": t("attach") }),
        files,
        input,
        button(t("send"), send, { class: "primary send" }),
      ),
    );
  }

  // Every command, to be pressed.
  menu() {
    const opened = dialog(
      t("commands"),
      el(
        "ul",
        { class: "menu-list" },
        ...this.house.commands(this.person).map(([name, does]) =>
          el(
            "li",
            {},
            button([el("b", {}, `/${name}`), el("span", {}, does)], () => {
              opened.close();
              this.act({ say: `/${name}` });
            }),
          ),
        ),
      ),
    );
  }

  tools() {
    const tools = (entry) => {
      if (!entry.message) return [];
      const found = this.house.about(entry, this);
      if (entry.kind === "push") {
        found.push(
          button(t("tool.reply"), () => {
            this.aim(entry.n, null);
            this.input.focus();
          }, { class: "tool" }),
        );
      }
      return found;
    };
    tools.edit = (entry) => {
      this.input.value = entry.event.say;
      this.aim(null, entry.n);
      this.input.focus();
    };
    return tools;
  }
}

export const place = (zone) => zone.split("/").pop().replaceAll("_", " ");

export function initials(name) {
  const parts = name.trim().split(/\s+/);
  if (/[\u3400-\u9fff]/.test(name)) return [...name.trim()].slice(-2).join("");
  return parts.map((part) => [...part][0]).slice(0, 2).join("").toUpperCase();
}
