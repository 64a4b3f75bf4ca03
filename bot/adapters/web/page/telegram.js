// Telegram's HTML and keyboards, drawn as Telegram draws them.

import { el } from "./dom.js";

const STYLES = { b: "b", i: "i", u: "u", s: "s", code: "code", pre: "pre", blockquote: "blockquote" };
const SIGNS = { "&lt;": "<", "&gt;": ">", "&quot;": '"', "&amp;": "&" };

export function telegram(found, { file }) {
  return found.messages.map((payload, number) =>
    el(
      "div",
      { class: "chat" },
      el(
        "div",
        { class: "balloon" },
        file && number === 0 ? el("p", { class: "attachment" }, file) : null,
        el("div", { class: "rich" }, ...html(payload.text)),
      ),
      ...(payload.reply_markup?.inline_keyboard ?? []).map((row) =>
        el("div", { class: "keys" }, ...row.map((each) => el("span", { class: `press ${each.style ?? ""}` }, each.text))),
      ),
    ),
  );
}

// The few elements that Telegram knows, each made anew; everything else is text.
function html(text) {
  const top = [];
  const open = [{ name: "", made: { append: (child) => top.push(child) } }];
  for (const [, closing, name, rest, words] of text.matchAll(/<(\/?)([a-z-]+)([^>]*)>|([^<]+)/g)) {
    const into = open[open.length - 1];
    if (words !== undefined) into.made.append(words.replace(/&(?:lt|gt|quot|amp);/g, (sign) => SIGNS[sign]));
    else if (closing) {
      if (open.length > 1 && into.name === name) open.pop();
    } else {
      const made = el(STYLES[name] ?? "span", { class: name === "a" ? "link" : name === "tg-time" ? "stamp" : rest ? "named" : null });
      into.made.append(made);
      open.push({ name, made });
    }
  }
  return top;
}
