// Who one is: everybody of the demo, found by name, topic, place or role; or somebody new.

import { button, dialog, el, fresh, t } from "./dom.js";

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

export function pickPerson(house, chosen) {
  const list = el("ul", { class: "people", role: "listbox", id: fresh("people"), "aria-label": t("people") });
  const input = el("input", {
    type: "search",
    role: "combobox",
    autocomplete: "off",
    placeholder: t("search_people"),
    "aria-label": t("search_people"),
    "aria-expanded": "true",
    "aria-controls": list.id,
    "aria-autocomplete": "list",
  });
  let found = [];
  let active = 0;

  const take = (number) => {
    const one = found[number];
    if (!one) return;
    opened.close();
    chosen(one.isNew ? house.newcomer(one.name) : one.who);
  };

  const choose = (number) => {
    active = found.length ? (number + found.length) % found.length : -1;
    [...list.children].forEach((each, at) => each.setAttribute("aria-selected", String(at === active)));
    const at = list.children[active];
    if (at) {
      input.setAttribute("aria-activedescendant", at.id);
      at.scrollIntoView({ block: "nearest" });
    }
  };

  const search = () => {
    const wanted = fold(input.value.trim());
    const told = (one) => fold([one.name, one.who, one.zone, t(`role.${one.role}`), ...(one.topics ?? [])].join(" "));
    found = house.people().filter((one) => wanted.split(/\s+/).every((part) => told(one).includes(part)));
    const typed = input.value.trim();
    if (typed && !found.some((one) => fold(one.name) === wanted)) found.push({ name: typed, isNew: true });
    list.replaceChildren(
      ...found.map((one, number) =>
        el(
          "li",
          { role: "option", id: fresh("person"), "aria-selected": "false", onclick: () => take(number) },
          one.isNew
            ? el("span", {}, t("somebody_new", { name: one.name }))
            : [
                el("b", { dir: "auto" }, one.name),
                el("span", {}, [t(`role.${one.role}`), ...(one.topics ?? []).slice(0, 3)].join(" · ")),
              ],
        ),
      ),
    );
    choose(0);
  };

  input.addEventListener("input", search);
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      choose(active + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      take(active);
    }
  });
  const opened = dialog(t("who_are_you"), el("p", { class: "hint" }, t("who_hint")), input, list);
  search();
  input.focus();
}
