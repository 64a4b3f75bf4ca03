// One message as three platforms show it. What is drawn are the payloads that go to them, as their apps would draw them.

import { button, el, remember, t } from "./dom.js";
import { discord } from "./discord.js";
import { get } from "./net.js";
import { slack } from "./slack.js";
import { telegram } from "./telegram.js";

const PLATFORMS = { slack, discord, telegram };
const NAMES = { slack: "Slack", discord: "Discord", telegram: "Telegram" };

export class Looks {
  constructor(house) {
    this.house = house;
    this.made = document.getElementById("elsewhere");
    this.open = false;
    this.title = el("p", { class: "hint" });
    this.columns = el("div", { class: "columns" });
    this.made.replaceChildren(
      el(
        "header",
        { class: "elsewhere-head" },
        el("h2", {}, t("looks.title")),
        this.title,
        button("×", () => this.toggle(false), { class: "quiet close", "aria-label": t("close") }),
      ),
      this.columns,
    );
  }

  toggle(open, entry) {
    this.open = open;
    this.made.hidden = !open;
    document.body.classList.toggle("has-looks", open);
    remember("looks", open || null);
    const opener = document.getElementById("looks");
    opener.setAttribute("aria-expanded", String(open));
    if (!open) opener.focus();
    else if (entry) this.show(entry);
    else this.columns.replaceChildren(el("p", { class: "hint" }, t("looks.nothing")));
  }

  async show(entry) {
    if (!this.open) return;
    this.wanted = entry.n;
    const found = await get("/api/demo/looks", { n: entry.n }).catch(() => null);
    if (!found || this.wanted !== entry.n) return;
    const { community } = this.house.world;
    this.title.textContent = t("looks.for", { name: this.house.person(entry.who).name });
    this.columns.replaceChildren(
      ...Object.entries(PLATFORMS).map(([name, draw]) =>
        el(
          "figure",
          { class: `look ${name}` },
          el("figcaption", {}, NAMES[name]),
          el("div", { class: "screen", tabindex: "0", role: "img", "aria-label": t("looks.as", { platform: NAMES[name] }) },
            ...draw(found[name], {
              bot: community,
              file: entry.message?.attached?.name,
              zone: this.house.person(entry.who).zone,
            })),
        ),
      ),
    );
  }
}

// What all three have: a picture of the bot, its name, and what it says.
export function post(bot, badge, ...content) {
  return el(
    "div",
    { class: "post" },
    el("span", { class: "bot-face" }, [...bot][0]),
    el("div", { class: "post-body" }, el("p", { class: "post-by" }, el("b", {}, bot), el("span", { class: "badge" }, badge)), ...content),
  );
}
