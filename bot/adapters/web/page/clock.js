// The clock of the demo: it stands still until somebody lets time pass.

import { button, day, el, moment, t, time } from "./dom.js";
import { post } from "./net.js";

const BEAT = 600;
const A_BEAT = 1800;
const JUMPS = [["minutes", 900], ["hour", 3600], ["day", 86400]];

export class Clock {
  constructor(house) {
    this.house = house;
    this.going = Promise.resolve();
    this.shown = el("time", { class: "now" });
    this.ahead = el("span", { class: "next" });
    this.playing = false;
    this.player = button("", () => this.play(!this.playing), { class: "play" });
    const made = document.getElementById("clock");
    made.replaceChildren(
      el("div", { class: "dial" }, this.shown, this.ahead),
      el(
        "div",
        { class: "jumps" },
        ...JUMPS.map(([name, seconds]) => button(t(`clock.${name}`), () => this.pass({ seconds }), { title: t(`clock.${name}_long`) })),
        button(t("clock.next"), () => this.pass({ next: true }), { title: t("clock.next_long") }),
        this.player,
      ),
    );
    made.hidden = false;
    this.at(house.now);
    this.next(house.world.next);
    this.play(false);
  }

  at(now) {
    this.shown.dateTime = now;
    this.shown.replaceChildren(el("span", {}, day(now)), " ", el("b", {}, time(now)), el("small", {}, " UTC"));
  }

  next(moment_) {
    this.ahead.textContent = moment_ ? t("clock.ahead", { at: moment(moment_, "UTC") }) : t("clock.nothing");
  }

  pass(how) {
    this.house.acted(null);
    this.going = this.going.then(async () => {
      const found = await post("/api/demo/clock", how).catch(() => null);
      if (!found) return;
      this.at(found.now);
      this.next(found.next);
      this.house.timeline.lookAhead();
    });
    return this.going;
  }

  async play(on) {
    this.playing = on;
    this.player.textContent = t(on ? "clock.pause" : "clock.play");
    this.player.setAttribute("aria-pressed", String(on));
    while (this.playing && document.visibilityState === "visible") {
      await this.pass({ seconds: A_BEAT });
      await new Promise((done) => setTimeout(done, BEAT));
    }
  }
}
