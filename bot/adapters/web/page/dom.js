// Elements and words. Every text is set as a text node: there is no markup in anything that is shown.

export function el(name, props = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "class") made.className = value;
    else if (key === "value") made.value = value;
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return made;
}

export const button = (label, press, props = {}) => el("button", { type: "button", onclick: press, ...props }, label);

let words = {};
let language = "en";

export function speak(known, tag) {
  words = known;
  language = tag;
  document.documentElement.lang = tag === "zh" ? "zh-CN" : tag;
}

export function t(key, params = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => params[name] ?? whole);
}

export const has = (key) => key in words;
export const tag = () => (language === "zh" ? "zh-CN" : "en-GB");

// Words that stand in the page itself.
export function label(root = document) {
  for (const each of root.querySelectorAll("[data-t]")) each.textContent = t(each.dataset.t);
  for (const each of root.querySelectorAll("[data-t-label]")) each.setAttribute("aria-label", t(each.dataset.tLabel));
}

// --- Moments --------------------------------------------------------------------------------------------------------

const formats = new Map();

function format(zone, options) {
  const key = JSON.stringify([tag(), zone, options]);
  if (!formats.has(key)) formats.set(key, new Intl.DateTimeFormat(tag(), { timeZone: zone, ...options }));
  return formats.get(key);
}

export const time = (at, zone = "UTC") => format(zone, { hour: "2-digit", minute: "2-digit" }).format(new Date(at));
export const day = (at, zone = "UTC") =>
  format(zone, { weekday: "short", day: "numeric", month: "short" }).format(new Date(at));
export const moment = (at, zone) => [day(at, zone), time(at, zone)].join(language === "zh" ? " " : ", ");

// --- What lasts through a reload, in this window ----------------------------------------------------------------------

export function recall(key, usual = null) {
  try {
    return JSON.parse(sessionStorage.getItem(key)) ?? usual;
  } catch {
    return usual;
  }
}

export function remember(key, value) {
  if (value === null || value === "") sessionStorage.removeItem(key);
  else sessionStorage.setItem(key, JSON.stringify(value));
}

export const prefers = (key, usual) => localStorage.getItem(key) ?? usual;
export const prefer = (key, value) => localStorage.setItem(key, value);

let last = 0;
export const fresh = (name) => `${name}-${++last}`;

// Keeps the end of what scrolls in sight, until somebody scrolls away from it; gives what does so at once.
export function stick(made) {
  let stuck = true;
  const end = () => {
    stuck = true;
    made.scrollTop = made.scrollHeight;
  };
  made.addEventListener("scroll", () => (stuck = made.scrollHeight - made.scrollTop - made.clientHeight < 60));
  new ResizeObserver(() => stuck && end()).observe(made);
  new MutationObserver(() => stuck && end()).observe(made, { childList: true });
  return end;
}

// Says something to those who listen rather than look.
export function announce(text) {
  document.getElementById("said").textContent = text;
}

// A window over the page; closed, the focus is where it was.
export function dialog(title, ...content) {
  const named = fresh("dialog");
  const before = document.activeElement;
  const opened = el(
    "dialog",
    { class: "dialog", "aria-labelledby": named },
    el(
      "div",
      { class: "dialog-head" },
      el("h2", { id: named }, title),
      button("×", () => opened.close(), { class: "quiet close", "aria-label": t("close") }),
    ),
    el("div", { class: "dialog-body" }, ...content),
  );
  opened.addEventListener("click", (event) => event.target === opened && opened.close());
  opened.addEventListener("close", () => {
    opened.remove();
    before?.focus?.();
  });
  document.body.append(opened);
  opened.showModal();
  return opened;
}
