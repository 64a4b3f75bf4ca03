// Behind a message: how its mentors were ranked, and why somebody got it.

import { dialog, el, moment, t } from "./dom.js";
import { get } from "./net.js";

const percent = (value) => `${Math.round(value * 100)} %`;

function bar(value) {
  const made = el("span", { class: "bar", "aria-hidden": "true" }, el("span"));
  made.firstChild.style.width = `${value * 100}%`;
  return made;
}

export async function match(entry) {
  const found = await get("/api/demo/match", { n: entry.n });
  if (!found?.mentors.length) {
    dialog(t("match.title"), el("p", {}, t("match.nobody")));
    return;
  }
  const parts = Object.entries(found.weights).sort(([, one], [, other]) => other - one);
  dialog(
    t("match.title"),
    el("p", { class: "hint" }, t("match.about", { topics: found.topics.join(", ") })),
    el(
      "div",
      { class: "wide", tabindex: "0", role: "region", "aria-label": t("match.title") },
      el(
        "table",
        { class: "scores" },
        el(
          "thead",
          {},
          el(
            "tr",
            {},
            el("th", { scope: "col" }, t("match.mentor")),
            el("th", { scope: "col" }, t("match.score")),
            ...parts.map(([name, weight]) => el("th", { scope: "col" }, t(`part_of.${name}`), el("small", {}, percent(weight)))),
          ),
        ),
        el(
          "tbody",
          {},
          ...found.mentors.map((one) =>
            el(
              "tr",
              { class: one.marked ? "marked" : "" },
              el("th", { scope: "row" }, el("span", { dir: "auto" }, one.name), el("small", {}, one.reasons.join(" · "))),
              el("td", {}, el("b", {}, percent(one.score)), bar(one.score)),
              ...parts.map(([name]) => el("td", {}, percent(one.parts[name]), bar(one.parts[name]))),
            ),
          ),
        ),
      ),
    ),
    el("p", { class: "hint" }, t("match.neutral")),
  );
}

export async function why(entry, person) {
  const found = await get("/api/demo/why", { n: entry.n });
  if (!found) {
    dialog(t("why.title"), el("p", {}, t("why.asked")));
    return;
  }
  const at = (text) => moment(text, person.zone);
  const rules = [
    found.rules.quiet === "hold" ? t("why.held") : t("why.passes"),
    found.rules.counts ? t("why.counts") : t("why.free"),
    found.rules.mutable ? t("why.mutable") : "",
  ];
  dialog(
    t("why.title"),
    el("p", {}, t(`why_kind.${found.kind.replaceAll(".", "_")}`)),
    found.waited ? el("p", {}, t("why.waited", { put: at(found.put), sent: at(found.sent) })) : null,
    el("ul", {}, ...rules.filter(Boolean).map((rule) => el("li", {}, rule))),
  );
}
