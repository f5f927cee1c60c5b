// The state of the link, always in sight: how old the display is, how many entries wait, whether the
// sign-in still acts. After an idle time the display goes on and the PIN is asked for.
import { minutesSeconds } from "../clock.js";
import { newActId } from "../form.js";
import { $ } from "./dialogs.js";
import { el, write } from "./panels.js";
import { SILENCE_MS } from "./stream.js";

const waitingWords = (n) => (n === 0 ? "nothing waiting" : n === 1 ? "1 entry waiting to be sent" : `${n} entries waiting to be sent`);

export class Link {
  constructor({ config, queue, stream, dialogs }) {
    Object.assign(this, { config, queue, stream, dialogs });
    queue.addEventListener("count", () => this.show());
    stream.addEventListener("heartbeat", () => this.show());
    queue.addEventListener("locked", (event) => {
      $("#d-pin [data-signed-out]").hidden = event.detail?.code !== "sign_in";
      this.show();
      this.askPin();
    });
    $("#d-pin form").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#unlock(event.target);
    });
  }

  /** Say how things stand. */
  show() {
    const silent = this.stream.silentMs;
    const stale = silent > SILENCE_MS;
    document.body.classList.toggle("stale", stale);
    $("[data-live]").classList.toggle("lost", stale);
    write($("[data-live-words]"), stale ? "DATA STALE" : `Live, ${Math.round(silent / 1000)} s ago`);
    const count = $("[data-waiting]");
    write(count, waitingWords(this.queue.count));
    count.classList.toggle("some", this.queue.count > 0);
    if (stale) this.#banner("stale", `DATA STALE: nothing heard for ${minutesSeconds(silent)}. Look at the person and at the bedside monitor. Entries are kept here and sent when the link is back.`);
    else if (this.queue.locked) this.#banner("locked", "This sign-in has been idle. The display goes on; enter your PIN to act.");
    else this.#banner("watch", this.#watchWords());
  }

  #banner(kind, words) {
    const banner = $("#link-state");
    const shown = words ? kind : "";
    if (banner.dataset.kind !== shown) {
      banner.dataset.kind = shown;
      banner.replaceChildren();
      if (shown) banner.append(this.#line(kind));
    }
    if (shown) write($("span", banner), words);
  }

  #line(kind) {
    const line = el(`div.stale-banner${kind === "locked" ? ".quiet" : ""}`, el("span"));
    if (kind === "locked") {
      const button = el("button.btn", "Enter PIN");
      button.type = "button";
      button.addEventListener("click", () => this.askPin());
      line.append(button);
    }
    return line;
  }

  /** A process that watches for overdue vitals is itself watched. */
  #watchWords() {
    const health = this.stream.health;
    const gone = health && (health.watcher_age_s === null || health.watcher_age_s > this.config.watcher_silent_s);
    return gone ? "The alarm watch is not running: overdue vitals raise no alarm. Keep the time yourself and call the administrator." : "";
  }

  /** Open the dialog that asks for the PIN. */
  askPin() {
    if (!$("#d-pin").open) this.dialogs.open("d-pin");
  }

  async #unlock(form) {
    const wrong = $("[data-problem]", form);
    try {
      const response = await fetch(this.config.urls.unlock, {
        method: "POST",
        // the answer to a right PIN leads to a page; only that it does is wanted here
        redirect: "manual",
        headers: { "X-CSRFToken": this.config.csrf, Accept: "text/html" },
        body: new URLSearchParams({ pin: new FormData(form).get("pin"), next: location.pathname, act_id: newActId() }),
      });
      if (response.type === "opaqueredirect" || response.ok) {
        form.reset();
        wrong.hidden = true;
        $("#d-pin").close();
        this.queue.unlock();
        this.show();
        return;
      }
      wrong.textContent = response.status === 422 ? "That is not right. Try again." : "Too many wrong tries, or no answer. Sign in again.";
    } catch {
      wrong.textContent = "No answer from the server. Try again in a moment.";
    }
    wrong.hidden = false;
    $("input", form).select();
  }
}
