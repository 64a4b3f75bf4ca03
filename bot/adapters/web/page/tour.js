// Six steps through a story; each can be done by oneself, or for one. It can be closed at any time.

import { button, el, prefer, t } from "./dom.js";

const STEPS = [
  { at: (house) => house.panes[0].made, does: (house) => house.panes[0].act({ say: "/find rust" }) },
  { at: (house) => house.panes[0].made, does: (house) => press(house.panes[0], ["ask", "first"]) },
  { at: (house) => house.panes[1].made, does: (house) => press(house.panes[1], ["accept"]) },
  { at: (house) => house.panes[0].made, does: talk },
  { at: () => document.getElementById("clock"), does: meet },
  { at: () => document.getElementById("looks"), does: (house) => house.elsewhere(true) },
];

// Presses the newest button that does one of these, as soon as there is one.
async function press(pane, actions, tries = 60) {
  for (const entry of [...pane.thread.entries].reverse()) {
    const buttons = [...(entry.message?.items ?? []).flatMap((item) => item.buttons ?? []), ...(entry.message?.buttons ?? [])];
    const one = buttons.find((each) => actions.includes(each.id.split(":")[0]));
    if (one) return pane.act({ press: one.id, message: entry.n });
  }
  if (!tries) return null;
  await new Promise((done) => setTimeout(done, 50));
  return press(pane, actions, tries - 1);
}

// Both agree on a time, and the clock goes on to what comes of it.
async function meet(house) {
  const [one, other] = house.panes;
  await press(one, ["schedule"]);
  const asked = one.thread.entries.findLast((entry) => entry.message?.form)?.message.form;
  const times = asked?.fields.find((field) => field.options?.length);
  if (times) await one.act({ run: asked.run, values: { [times.field.key]: [times.options[0].value] } });
  await press(other, ["confirm"]);
  await house.clock.pass({ next: true });
}

async function talk(house) {
  await press(house.panes[0], ["talk"]);
  await house.panes[0].act({ say: t("tour.hello") });
}

export function tour(house) {
  const made = document.getElementById("tour");
  const shown = el("section", { class: "tour", "aria-labelledby": "tour-title" });
  let at = 0;
  let lit = null;

  const end = () => {
    lit?.classList.remove("lit");
    made.replaceChildren();
    prefer("toured", "yes");
    house.panes[0].input.focus();
  };

  const show = () => {
    const step = STEPS[at];
    lit?.classList.remove("lit");
    lit = step.at(house);
    lit?.classList.add("lit");
    const last = at + 1 === STEPS.length;
    const title = el("h2", { id: "tour-title", tabindex: "-1" }, t(`tour.title_${at + 1}`));
    const forMe = button(
      t("tour.do"),
      async () => {
        forMe.disabled = true;
        await step.does(house);
        if (!last) go(at + 1);
      },
      { class: last ? "plain" : "primary" },
    );
    shown.replaceChildren(
      el("p", { class: "step" }, t("tour.step", { number: at + 1, all: STEPS.length })),
      title,
      el("p", {}, t(`tour.text_${at + 1}`)),
      el(
        "div",
        { class: "buttons" },
        forMe,
        last ? button(t("tour.end"), end, { class: "primary" }) : button(t("tour.next"), () => go(at + 1)),
        at > 0 ? button(t("tour.back"), () => go(at - 1), { class: "quiet" }) : null,
        last ? null : button(t("tour.close"), end, { class: "quiet" }),
      ),
    );
    title.focus({ preventScroll: true });
  };

  const go = (number) => {
    at = number;
    show();
  };

  shown.addEventListener("keydown", (event) => event.key === "Escape" && end());
  made.replaceChildren(shown);
  show();
}
