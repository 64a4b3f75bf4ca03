// A form of the program as a form of the page: all that can be asked now, at once.

import { button, el, fresh, recall, remember, t } from "./dom.js";
import { get, upload } from "./net.js";
import { plain, rich } from "./rich.js";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const PARTS = { morning: [480, 720], afternoon: [720, 1080], evening: [1080, 1320] };
const IN_SIGHT = 7;

// `send` gets the values by their keys; `press` a button of the form itself.
export function form(data, person, { send, press }) {
  const alone = data.fields.length === 1 && oneOf(data.fields[0], send, data.words);
  const drafts = `form:${person.who}:${data.run}`;
  const known = recall(drafts, {});
  const inputs = alone ? [] : data.fields.map((asked) => [asked, input(asked, person.who, person.zone, known[asked.field.key])]);
  const fields = alone ? [alone] : inputs.map(([asked, drawn]) => frame(asked, drawn));
  const made = el(
    "form",
    {
      class: "form",
      novalidate: true,
      "aria-label": data.title,
      onsubmit: async (event) => {
        event.preventDefault();
        const values = {};
        for (const [asked, drawn] of inputs) values[asked.field.key] = await drawn.value();
        remember(drafts, null);
        send(values);
      },
      oninput: () => {
        const typed = {};
        for (const [asked, drawn] of inputs) typed[asked.field.key] = drawn.draft?.();
        remember(drafts, typed);
      },
    },
    el("h3", { class: "form-title" }, data.title),
    ...fields,
    el(
      "div",
      { class: "form-end" },
      alone ? null : el("button", { type: "submit", class: "primary" }, data.words.next),
      data.can_go_back ? button(data.words.back, () => press("back")) : null,
      button(data.words.cancel, () => press("cancel"), { class: "quiet" }),
    ),
  );
  return made;
}

// One choice among few: each option is a button.
function oneOf(asked, send, words) {
  const field = asked.field;
  const options = asked.options ?? [];
  const few = options.length > 0 && options.length <= 12;
  if (!few || field.many || field.search || !["choice", "confirm"].includes(field.is)) return null;
  const value = (option) => (field.is === "confirm" ? option.value === "yes" : option.value);
  const named = fresh("asked");
  return el(
    "div",
    { class: "field", role: "group", "aria-labelledby": named },
    error(asked),
    el("p", { class: question(asked), id: named }, rich(asked.label)),
    hint(asked),
    el(
      "div",
      { class: "buttons" },
      ...options.map((option) => button(option.label, () => send({ [field.key]: value(option) }))),
      field.required === false ? button(words.skip, () => send({ [field.key]: null }), { class: "quiet" }) : null,
    ),
  );
}

const error = (asked, id) =>
  asked.error?.length ? el("p", { class: "error", id, role: "alert" }, rich(asked.error)) : null;
const hint = (asked, id) => (asked.hint?.length ? el("p", { class: "hint", id }, rich(asked.hint)) : null);

// A question is set apart; what has to be read before it is not shouted.
const question = (asked) => (plain(asked.label).length > 120 ? "label long" : "label");

function frame(asked, drawn) {
  const told = [asked.error?.length ? fresh("error") : "", asked.hint?.length ? fresh("hint") : ""];
  const optional = asked.field.required === false ? el("span", { class: "optional" }, ` ${t("form.optional")}`) : null;
  const about = told.filter(Boolean).join(" ");
  if (drawn.group) {
    drawn.made.setAttribute("aria-describedby", about);
    return el(
      "fieldset",
      { class: "field", "aria-describedby": about || null },
      el("legend", { class: question(asked) }, rich(asked.label), optional),
      error(asked, told[0]),
      hint(asked, told[1]),
      drawn.made,
    );
  }
  if (about) drawn.focus.setAttribute("aria-describedby", about);
  if (told[0]) drawn.focus.setAttribute("aria-invalid", "true");
  if (asked.field.required !== false) drawn.focus.setAttribute("aria-required", "true");
  return el(
    "div",
    { class: "field" },
    el("label", { class: question(asked), for: drawn.focus.id }, rich(asked.label), optional),
    error(asked, told[0]),
    hint(asked, told[1]),
    drawn.made,
  );
}

// --- Inputs by the kinds of fields ------------------------------------------------------------------------------------

// A moment as it stands on somebody's own clock; anything else as it is.
function local(moment, zone) {
  if (!/^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(moment)) return moment;
  const options = { dateStyle: "short", timeStyle: "short", timeZone: zone };
  return new Intl.DateTimeFormat("sv-SE", options).format(new Date(moment)).replace(" ", "T");
}

function input(asked, who, zone, draft) {
  const field = asked.field;
  switch (field.is) {
    case "words":
      return text(asked, draft, field.lines ? "textarea" : "input");
    case "number":
      return text(asked, draft, "input", { inputmode: "decimal" });
    case "choice":
      if (field.search && field.search !== "moments") return searched(asked, who, draft);
      return field.many ? boxes(asked, draft) : radios(asked, draft);
    case "confirm":
      return field.must ? box(asked, draft) : radios(asked, draft);
    case "day":
      return text(asked, draft, "input", { type: "date", min: field.earliest });
    case "moment": {
      const known = typeof asked.initial === "string" ? local(asked.initial, zone) : asked.initial;
      return text({ ...asked, initial: known }, draft, "input", { type: "datetime-local" }, (value) => value.replace("T", " "));
    }
    case "week":
      return week(asked, draft);
    case "upload":
      return file(asked);
    default:
      throw new Error(field.is);
  }
}

const simple = (value) => (typeof value === "string" || typeof value === "number" ? String(value) : "");

function text(asked, draft, name, props = {}, written = (value) => value) {
  const local = props.type === "datetime-local" || props.type === "date";
  const known = simple(draft ?? asked.initial);
  const made = el(name, { id: fresh("input"), type: name === "input" ? "text" : null, ...props });
  // What was typed and is no date stays to be read, and mended, as it was typed.
  if (local && known && !/^\d{4}-\d\d-\d\d(T\d\d:\d\d)?$/.test(known)) made.type = "text";
  made.value = known;
  if (name === "textarea") made.rows = Math.min(8, Math.max(3, known.split("\n").length));
  return { made, focus: made, value: () => written(made.value.trim()) || null, draft: () => made.value };
}

function options(asked) {
  const own = asked.options ?? [];
  return own.map((option) => [option.value, option.label]);
}

function radios(asked, draft) {
  const confirm = asked.field.is === "confirm";
  const initial = draft ?? (confirm && typeof asked.initial === "boolean" ? (asked.initial ? "yes" : "no") : asked.initial);
  const name = fresh("choice");
  if (options(asked).length > IN_SIGHT) {
    const made = el("select", { id: fresh("input") }, el("option", { value: "" }, ""));
    for (const [value, shown] of options(asked)) made.append(el("option", { value }, shown));
    made.value = simple(initial);
    return { made, focus: made, value: () => made.value || null, draft: () => made.value };
  }
  const made = el(
    "div",
    { class: "options" },
    ...options(asked).map(([value, shown]) =>
      el("label", { class: "option" }, el("input", { type: "radio", name, value, checked: value === initial }), shown),
    ),
  );
  const chosen = () => made.querySelector("input:checked")?.value ?? null;
  const value = () => (confirm && chosen() !== null ? chosen() === "yes" : chosen());
  return { made, group: true, value, draft: chosen };
}

function boxes(asked, draft) {
  const known = draft ?? (Array.isArray(asked.initial) ? asked.initial : []);
  const other = asked.field.free || asked.field.search ? el("input", { type: "text", "aria-label": t("form.other") }) : null;
  if (other) other.placeholder = t("form.other");
  const made = el(
    "div",
    { class: "options" },
    ...options(asked).map(([value, shown]) =>
      el("label", { class: "option" }, el("input", { type: "checkbox", value, checked: known.includes(value) }), shown),
    ),
    other,
  );
  const chosen = () => [...made.querySelectorAll("input:checked")].map((each) => each.value);
  const value = () => {
    const all = [...chosen(), ...(other?.value.trim() ? [other.value.trim()] : [])];
    return all.length ? all : null;
  };
  return { made, group: true, value, draft: chosen };
}

function box(asked, draft) {
  const yes = options(asked).find(([value]) => value === "yes")?.[1] ?? "";
  const checked = draft ?? asked.initial === true;
  const ticked = el("input", { type: "checkbox", checked });
  const made = el("div", { class: "options" }, el("label", { class: "option" }, ticked, yes));
  return { made, group: true, value: () => ticked.checked || null, draft: () => ticked.checked };
}

function week(asked, draft) {
  const words = el("input", { type: "text", "aria-label": t("form.week_words") });
  words.placeholder = t("form.week_words");
  words.value = simple(draft?.words ?? asked.typed ?? "");
  const ticks = new Set(draft?.ticks ?? []);
  const grid = el(
    "table",
    { class: "week" },
    el("tr", {}, el("td"), ...Object.keys(PARTS).map((part) => el("th", { scope: "col" }, t(`part.${part}`)))),
    ...DAYS.map((name, number) =>
      el(
        "tr",
        {},
        el("th", { scope: "row" }, t(`day.${name}`)),
        ...Object.entries(PARTS).map(([part]) =>
          el(
            "td",
            {},
            el("input", {
              type: "checkbox",
              checked: ticks.has(`${number} ${part}`),
              "aria-label": `${t(`day.${name}`)}, ${t(`part.${part}`)}`,
              onchange: (event) => ticks[event.target.checked ? "add" : "delete"](`${number} ${part}`),
            }),
          ),
        ),
      ),
    ),
  );
  const value = () => {
    const spans = [...ticks].map((each) => {
      const [number, part] = each.split(" ");
      return [Number(number), ...PARTS[part]];
    });
    return words.value.trim() || (spans.length ? spans : null);
  };
  return {
    made: el("div", {}, grid, words),
    group: true,
    value,
    draft: () => ({ words: words.value, ticks: [...ticks] }),
  };
}

function file(asked) {
  const known = asked.initial && typeof asked.initial === "object" ? asked.initial : null;
  const made = el("input", { type: "file", id: fresh("input") });
  const value = async () => (made.files.length ? upload(made.files[0]) : known);
  return { made: el("div", {}, made, known ? el("p", { class: "hint" }, known.name) : null), focus: made, value };
}

// --- Options that come as one types -----------------------------------------------------------------------------------

function searched(asked, who, draft) {
  const field = asked.field;
  const chosen = [];
  const list = el("ul", { role: "listbox", id: fresh("list"), class: "list", hidden: true, "aria-label": plain(asked.label) });
  const typing = el("input", {
    id: fresh("input"),
    type: "text",
    role: "combobox",
    autocomplete: "off",
    "aria-autocomplete": "list",
    "aria-expanded": "false",
    "aria-controls": list.id,
  });
  const picked = el("ul", { class: "picked", hidden: true });
  let found = [];
  let active = -1;
  let asking = 0;

  const pairs = (given) => {
    const values = Array.isArray(given) ? given : given === null || given === undefined ? [] : [given];
    return values.map((each) => (Array.isArray(each) ? each : [each, null]));
  };

  function show() {
    const named = chosen.filter((one) => one.label !== null);
    picked.hidden = !named.length;
    picked.replaceChildren(
      ...named.map((one) =>
        el(
          "li",
          { class: "chip" },
          el("span", { dir: "auto" }, one.label),
          field.levels ? level(one) : null,
          button("×", () => drop(one), { class: "quiet", "aria-label": t("form.remove", { what: one.label }) }),
        ),
      ),
    );
  }

  function level(one) {
    const made = el("select", { "aria-label": t("form.level", { what: one.label }) }, el("option", { value: "" }, "–"));
    for (let number = 1; number <= field.levels; number++) made.append(el("option", { value: number }, String(number)));
    made.value = one.level ?? "";
    made.addEventListener("change", () => (one.level = made.value ? Number(made.value) : null));
    return made;
  }

  function drop(one) {
    chosen.splice(chosen.indexOf(one), 1);
    show();
    typing.focus();
  }

  function take(value, label) {
    if (!field.many) {
      chosen.length = 0;
      typing.value = label;
      chosen.push({ value, label, level: null });
    } else {
      if (!chosen.some((one) => one.value === value)) chosen.push({ value, label, level: null });
      typing.value = "";
      show();
    }
    close();
    typing.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function close() {
    list.hidden = true;
    active = -1;
    typing.setAttribute("aria-expanded", "false");
    typing.removeAttribute("aria-activedescendant");
  }

  function choose(number) {
    active = found.length ? (number + found.length) % found.length : -1;
    [...list.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === active)));
    if (active >= 0) {
      typing.setAttribute("aria-activedescendant", list.children[active].id);
      list.children[active].scrollIntoView({ block: "nearest" });
    }
  }

  async function look() {
    const wanted = typing.value.trim();
    const mine = ++asking;
    if (!wanted) {
      close();
      return;
    }
    const options = await get("/api/options", { who, source: field.search, typed: wanted }).catch(() => []);
    if (mine !== asking || document.activeElement !== typing) return;
    found = options.slice(0, 8);
    list.replaceChildren(
      ...found.map(([value, label]) =>
        el("li", { role: "option", id: fresh("option"), "aria-selected": "false", onmousedown: (event) => {
          event.preventDefault();
          take(value, label);
        } }, label),
      ),
    );
    list.hidden = !found.length;
    typing.setAttribute("aria-expanded", String(found.length > 0));
    active = -1;
  }

  typing.addEventListener("input", (event) => {
    if (!event.isTrusted && list.hidden) return;
    if (!field.many) chosen.length = 0;
    look();
  });
  typing.addEventListener("blur", close);
  typing.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Escape" && !list.hidden) {
      event.stopPropagation();
      close();
    } else if ((event.key === "Enter" || event.key === ",") && field.many && typing.value.trim()) {
      event.preventDefault();
      const one = found[Math.max(active, 0)];
      const typed = typing.value.trim();
      const fits = one && (active >= 0 || one[1].toLowerCase() === typed.toLowerCase());
      take(fits ? one[0] : typed, fits ? one[1] : typed);
    } else if (event.key === "Enter" && active >= 0) {
      event.preventDefault();
      take(...found[active]);
    } else if (event.key === "Backspace" && !typing.value && chosen.length) {
      drop(chosen[chosen.length - 1]);
    }
  });

  const given = draft ? draft.chosen : pairs(asked.initial).map(([value, lvl]) => ({ value, label: null, level: lvl }));
  if (typeof asked.initial === "string" && field.many && !draft) typing.value = asked.initial;
  else chosen.push(...(field.many ? given : given.slice(0, 1)));
  if (draft) typing.value = draft.typed;
  name();

  // What is known already comes as values; people read what they are called.
  async function name() {
    const unnamed = chosen.filter((one) => one.label === null);
    await Promise.all(
      unnamed.map(async (one) => {
        const typed = String(one.value).replaceAll(/[-_]/g, " ");
        const options = await get("/api/options", { who, source: field.search, typed }).catch(() => []);
        one.label = options.find(([value]) => value === one.value)?.[1] ?? String(one.value);
      }),
    );
    if (field.many) show();
    else if (chosen[0]?.label && !typing.value) typing.value = chosen[0].label;
  }

  function value() {
    const typed = typing.value.trim();
    if (!field.many) return chosen.length && (chosen[0].label ?? "") === typed ? chosen[0].value : typed || null;
    if (!chosen.length) return typed || null;
    const all = chosen.map((one) => (field.levels ? [one.value, one.level] : one.value));
    if (typed) all.push(field.levels ? [typed, null] : typed);
    return all;
  }

  return {
    made: el("div", { class: "searching" }, el("div", { class: "search" }, typing, list), picked),
    focus: typing,
    value,
    draft: () => ({ chosen, typed: typing.value }),
  };
}
