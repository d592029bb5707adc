"use strict";
// Photos are sent one after another; each line tells how long it will take, and can be cancelled.
class PhotoQueue {
  // list: the element for the lines; done(answer) and failed(sentence) take what came of a photo; changed() is called
  // when one comes or goes; home: gets the focus of a line that goes; most: bytes of the largest file taken.
  constructor(list, done, failed, changed, home, most) {
    Object.assign(this, { list, done, failed, changed, home, most, waiting: [], current: null, durations: {} }); // in seconds, by model
  }

  get busy() { return Boolean(this.current || this.waiting.length); }

  // Whether a photo that is there is to be restored by a model once more.
  holds(photo, model) {
    return [this.current, ...this.waiting].some((one) => one && !one.stop.signal.aborted && one.query.photo === photo && one.query.model === model);
  }

  // What a server answered, or its error as a sentence; what stands between may answer something else.
  static async read(answer, name) {
    const told = await answer.json().catch(() => null);
    if (answer.ok && told) return told;
    const said = answer.ok ? "the answer broke off" : `the server answered ${answer.status}`;
    throw new Error(told?.error ?? `${name}: ${said}. Try again in a while.`);
  }

  // query: of the request; body: what is sent, or null.
  add(name, query, body) {
    const line = document.createElement("li"), said = document.createElement("span");
    const bar = document.createElement("progress"), cancel = document.createElement("button");
    cancel.type = "button";
    cancel.textContent = "Cancel";
    cancel.setAttribute("aria-label", `Cancel ${name}`);
    bar.setAttribute("aria-label", `Restoring ${name}`);
    line.append(said, bar, cancel);
    this.list.append(line);
    const item = { name, query, body, line, said, bar, stop: new AbortController() };
    cancel.addEventListener("click", () => this.cancel(item));
    this.waiting.push(item);
    this.turn();
    this.changed();
  }

  cancel(item) {
    item.stop.abort();
    this.remove(item, (item.line.nextElementSibling ?? item.line.previousElementSibling)?.querySelector("button"));
    this.waiting = this.waiting.filter((one) => one !== item);
    this.tell();
    this.changed();
  }

  // Take a line away; the focus of its button goes elsewhere, but of its own accord to no button that cancels another.
  remove({ line }, to = this.home) {
    if (line.contains(document.activeElement)) to.focus({ preventScroll: true });
    line.remove();
  }

  async turn() {
    if (this.current || !this.waiting.length) return this.tell();
    const item = this.current = this.waiting.shift();
    const job = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16)).join("");
    item.began = Date.now();
    const clock = setInterval(() => this.ask(item, job), 1000);
    this.tell();
    try {
      const answer = await fetch(`restore?${new URLSearchParams({ ...item.query, job })}`, {
        method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: item.body ?? "", signal: item.stop.signal,
      });
      const told = await PhotoQueue.read(answer, item.name);
      (this.durations[item.query.model] ??= []).push((Date.now() - item.began) / 1000);
      await this.done(told);
    } catch (error) {
      if (!item.stop.signal.aborted) {
        const why = item.body?.size > this.most ? `it has more than ${this.most / 1e6} MB` : "the server has stopped";
        this.failed(error instanceof TypeError ? `${item.name} could not be sent: ${why}.` : error.message);
      }
    }
    clearInterval(clock);
    this.remove(item);
    this.current = null;
    this.changed();
    return this.turn();
  }

  async ask(item, job) {
    try {
      const answer = await fetch(`progress?${new URLSearchParams({ job })}`, { signal: item.stop.signal });
      item.told = answer.ok ? await answer.json() : null;
    } catch { /* the next second asks again */ }
    this.tell();
  }

  tell() {
    const time = (seconds) => (seconds < 90 ? `${Math.max(1, Math.ceil(seconds))} s` : `${Math.ceil(seconds / 60)} min`);
    const usual = ({ query }) => {
      const known = this.durations[query.model];
      return known ? known.reduce((sum, one) => sum + one) / known.length : null;
    };
    let left = 0; // until the next one's turn; null where that is not known
    if (this.current) {
      const { name, told, said, bar, began } = this.current, sofar = (Date.now() - began) / 1000;
      const before = usual(this.current);
      left = told ? told.left : before === null ? null : Math.max(before - sofar, 1);
      const ahead = told?.ahead ? `${told.ahead} of others first, ` : "";
      said.textContent = `${name}: ${ahead}${left === null ? `${Math.round(sofar)} s so far` : `about ${time(left)} left`}`;
      const share = told?.share || (left === null ? 0 : sofar / (sofar + left));
      if (share) bar.value = Math.max(share, bar.value);
    }
    for (const item of this.waiting) {
      item.bar.value = 0;
      const own = usual(item);
      left = left === null || own === null ? null : left + own;
      item.said.textContent = `${item.name}: waits${left === null ? "" : `, done in about ${time(left)}`}`;
    }
  }
}
