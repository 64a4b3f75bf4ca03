// Discord's components and its markdown, drawn as Discord draws them.

import { el, tag } from "./dom.js";
import { post } from "./looks.js";

const STYLES = { 1: "primary", 2: "", 3: "good", 4: "danger" };

let zone = "UTC";

export function discord(found, { bot, zone: local }) {
  zone = local;
  return [...found.modals.map(modal), ...found.messages.map((payload) => post(bot, "APP", ...payload.components.map(component)))];
}

function modal(view) {
  return el("div", { class: "modal" }, el("p", { class: "modal-title" }, view.title), ...view.components.map(component),
    el("div", { class: "modal-end" }, el("span", { class: "press" }, "×"), el("span", { class: "press primary" }, "✓")));
}

function component(one) {
  switch (one.type) {
    case 1:
      return el("div", { class: "presses" }, ...one.components.map(component));
    case 2:
      return el("span", { class: `press ${STYLES[one.style] ?? ""}` }, one.label);
    case 9:
      return el("div", { class: "section" }, el("div", {}, ...one.components.map(component)), component(one.accessory));
    case 10:
      return el("div", { class: "rich" }, ...markdown(one.content));
    case 12:
      return el("p", { class: "attachment" }, ...one.items.map((each) => each.description ?? ""));
    case 13:
      return el("p", { class: "attachment" }, one.file.url.replace("attachment://", ""));
    case 18:
      return el("div", { class: "input" }, el("p", { class: "input-label" }, one.label), one.description ? el("p", { class: "small" }, one.description) : null, component(one.component));
    case 21:
    case 22: {
      const mark = one.type === 22 ? ["☐", "☑"] : ["○", "◉"];
      return el("div", {}, ...one.options.map((each) => el("p", { class: "tick" }, `${mark[Number(Boolean(each.default))]} `, each.label)));
    }
    case 3: {
      const chosen = (one.options ?? []).filter((each) => each.default).map((each) => each.label).join(", ");
      return el("div", { class: "blank" }, el("span", {}, chosen || one.placeholder || ""), el("span", { class: "arrow" }, "▾"));
    }
    default:
      return el("div", { class: `blank${one.style === 2 ? " tall" : ""}` }, el("span", {}, one.value ?? ""));
  }
}

// --- Markdown ---------------------------------------------------------------------------------------------------------

function markdown(text) {
  const made = [];
  const fence = /```(?:[\w+#.-]*\n)?([\s\S]*?)```/g;
  let from = 0;
  for (const found of text.matchAll(fence)) {
    made.push(...lines(text.slice(from, found.index)), el("pre", {}, found[1].replace(/\n$/, "")));
    from = found.index + found[0].length;
  }
  return [...made, ...lines(text.slice(from))];
}

function lines(text) {
  if (!text.trim()) return [];
  return text.replace(/^\n|\n$/g, "").split("\n").map((line) => {
    const [, mark, rest] = /^(> |-# |- |\d+\. )?(.*)$/s.exec(line);
    if (mark === "> ") return el("blockquote", {}, ...inline(rest));
    if (mark === "-# ") return el("p", { class: "small" }, ...inline(rest));
    if (mark) return el("p", { class: "listed" }, mark === "- " ? "• " : mark, ...inline(rest));
    return el("p", {}, ...inline(rest));
  });
}

const MARKS = [["**", "b"], ["__", "u"], ["~~", "s"], ["*", "i"], ["_", "i"]];

function inline(text) {
  const made = [];
  let plain = "";
  const flush = () => {
    if (plain) made.push(plain);
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const link = /^\[((?:\\.|[^\]\\])*)\]\(<([^>]*)>\)/.exec(rest);
    const bare = /^<(https?:[^>\s]+)>|^(https?:\/\/\S+)/.exec(rest);
    const stamp = /^<t:(\d+):(\w)>/.exec(rest);
    const code = /^(`{1,2})(?!`)([\s\S]+?)\1(?!`)/.exec(rest);
    const mark = MARKS.find(([sign]) => rest.startsWith(sign) && closes(rest, sign) > 0);
    if (rest[0] === "\\" && rest.length > 1) {
      plain += rest[1];
      at += 2;
    } else if (code) {
      flush();
      made.push(el("code", {}, code[2]));
      at += code[0].length;
    } else if (link || bare) {
      flush();
      made.push(el("span", { class: "link" }, ...(link ? inline(link[1]) : [bare[1] ?? bare[2]])));
      at += (link ?? bare)[0].length;
    } else if (stamp) {
      flush();
      made.push(el("span", { class: "stamp" }, moment(Number(stamp[1]), stamp[2])));
      at += stamp[0].length;
    } else if (mark) {
      flush();
      const end = closes(rest, mark[0]);
      made.push(el(mark[1], {}, ...inline(rest.slice(mark[0].length, end))));
      at += end + mark[0].length;
    } else {
      if (rest[0] !== "\u200b") plain += rest[0];
      at += 1;
    }
  }
  flush();
  return made;
}

// Where a mark is closed; what is escaped closes nothing.
function closes(text, sign) {
  for (let at = sign.length; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text.startsWith(sign, at) && at > sign.length) return at;
  }
  return -1;
}

function moment(seconds, style) {
  const options = { D: { dateStyle: "long" }, t: { timeStyle: "short" }, F: { dateStyle: "full", timeStyle: "short" } };
  return new Intl.DateTimeFormat(tag(), { timeZone: zone, ...(options[style] ?? options.F) }).format(new Date(seconds * 1000));
}
