// Rich text as elements. It comes as a tree of texts and names of styles, of which only those below are known.

import { el } from "./dom.js";

const STYLES = { b: "strong", i: "em", u: "u", s: "s", code: "code" };
const LEADS = /^(https?:|mailto:)/i;

// `use` is told of a command that is pressed.
export function rich(nodes, use) {
  const made = document.createDocumentFragment();
  for (const node of nodes ?? []) made.append(draw(node, use));
  return made;
}

function draw(node, use) {
  switch (node.is) {
    case "text":
      return document.createTextNode(node.text);
    case "break":
      return el("br");
    case "styled":
      return el(STYLES[node.tag] ?? "span", {}, rich(node.children, use));
    case "link":
      if (!LEADS.test(node.href)) return rich(node.children, use);
      return el("a", { href: node.href, target: "_blank", rel: "noopener noreferrer" }, rich(node.children, use));
    case "when":
      return el("time", { datetime: node.at }, node.fallback);
    case "command":
      if (!use) return el("code", {}, `/${node.text}`);
      return el("button", { type: "button", class: "typed", onclick: () => use(node.text) }, `/${node.text}`);
    case "pre":
      return el("pre", { tabindex: "0" }, node.lang ? el("small", {}, node.lang) : null, el("code", {}, node.text));
    case "list":
      return el(
        node.ordered ? "ol" : "ul",
        { start: node.start },
        ...node.items.map((item) => el("li", {}, rich(item, use))),
      );
    case "quote":
      return el("blockquote", {}, rich(node.children, use));
    default:
      return document.createTextNode("");
  }
}

export function plain(nodes) {
  return (nodes ?? [])
    .map((node) => {
      if (node.is === "break") return " ";
      if (node.items) return node.items.map(plain).join(" ");
      return node.text ?? node.fallback ?? plain(node.children);
    })
    .join("");
}
