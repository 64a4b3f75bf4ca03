// Slack's blocks and modals, drawn as Slack draws them.

import { el } from "./dom.js";
import { post } from "./looks.js";

export function slack(found, { bot, file }) {
  const posts = found.messages.map((payload) => post(bot, "APP", ...payload.blocks.map(block)));
  const files = file && posts.length ? [el("p", { class: "attachment" }, file)] : [];
  return [...found.modals.map(modal), ...posts, ...files];
}

function modal(view) {
  return el(
    "div",
    { class: "modal" },
    el("p", { class: "modal-title" }, view.title.text),
    ...view.blocks.map(block),
    el("div", { class: "modal-end" }, el("span", { class: "press" }, view.close.text), view.submit ? el("span", { class: "press primary" }, view.submit.text) : null),
  );
}

function block(one) {
  switch (one.type) {
    case "rich_text":
      return el("div", { class: "rich" }, ...one.elements.map(part));
    case "actions":
      return el("div", { class: "presses" }, ...one.elements.map(element));
    case "divider":
      return el("div", { class: "divider" });
    case "context":
      return el("p", { class: "small" }, ...one.elements.map((each) => each.text));
    case "input":
      return el(
        "div",
        { class: "input" },
        el("p", { class: "input-label" }, one.label.text, one.optional ? el("span", { class: "small" }, " (optional)") : null),
        element(one.element),
        one.hint ? el("p", { class: "small" }, one.hint.text) : null,
      );
    default:
      return el("p", {}, one.text?.text ?? "");
  }
}

function part(one) {
  switch (one.type) {
    case "rich_text_preformatted":
      return el("pre", {}, ...one.elements.map(inline));
    case "rich_text_quote":
      return el("blockquote", {}, ...one.elements.map(inline));
    case "rich_text_list":
      return el(one.style === "ordered" ? "ol" : "ul", {}, ...one.elements.map((each) => el("li", {}, ...each.elements.map(inline))));
    default:
      return el("p", {}, ...one.elements.map(inline));
  }
}

function inline(one) {
  let made = one.text ?? one.fallback ?? one.url ?? "";
  const style = one.style ?? {};
  const tags = { code: "code", bold: "b", italic: "i", underline: "u", strike: "s" };
  for (const [name, tag] of Object.entries(tags)) if (style[name]) made = el(tag, {}, made);
  return one.url ? el("span", { class: "link" }, made) : made;
}

function element(one) {
  if (one.type === "button") return el("span", { class: `press ${one.style ?? ""}` }, one.text.text);
  if (one.type === "radio_buttons" || one.type === "checkboxes") {
    const chosen = [one.initial_option, ...(one.initial_options ?? [])].map((each) => each?.value);
    const mark = one.type === "checkboxes" ? ["☐", "☑"] : ["○", "◉"];
    return el("div", {}, ...one.options.map((each) => el("p", { class: "tick" }, `${mark[Number(chosen.includes(each.value))]} `, each.text.text)));
  }
  const shown = one.initial_value ?? one.initial_option?.text.text ?? one.initial_options?.map((each) => each.text.text).join(", ") ?? one.initial_date ?? "";
  const arrow = /select|picker/.test(one.type) ? el("span", { class: "arrow" }, "▾") : null;
  return el("div", { class: `blank${one.multiline ? " tall" : ""}` }, el("span", {}, shown), arrow);
}
