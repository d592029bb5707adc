"use strict";
// How a picture lies in its stage: whole, or pixel for pixel and moved by dragging; and the whole screen for both.
class Zoom {
  // part: the viewer's parts by name; changed: called after each move; resting: tells whether drags are another's.
  constructor(part, changed, resting = () => false) {
    Object.assign(this, { part, changed, resting, actual: false, width: 1, height: 1, scale: 1, x: 0, y: 0 });
    const { stage, fit, actual, full, frame } = part;
    fit.addEventListener("click", () => this.turn(false));
    actual.addEventListener("click", () => this.turn(true));
    stage.addEventListener("dblclick", (event) => {
      if (!this.resting() && event.target !== part.divider) this.turn(!this.actual, this.at(event));
    });
    stage.addEventListener("pointerdown", (event) => this.grip(event));
    full.addEventListener("click", () => this.fill());
    document.addEventListener("fullscreenchange", () => this.filled(document.fullscreenElement === frame));
    frame.addEventListener("keydown", (event) => { if (event.key === "Escape") this.filled(false); });
    new ResizeObserver(() => this.layout()).observe(stage);
  }

  show(width, height) {
    Object.assign(this, { width, height, centre: [width / 2, height / 2] });
    this.turn(false);
  }

  turn(actual, centre) {
    this.actual = actual;
    if (centre) this.centre = centre;
    this.part.fit.setAttribute("aria-pressed", !actual);
    this.part.actual.setAttribute("aria-pressed", actual);
    this.part.stage.classList.toggle("actual", actual);
    this.layout();
  }

  layout() {
    const { stage } = this.part, sides = [stage.clientWidth, stage.clientHeight], lengths = [this.width, this.height];
    if (!sides[0] || !this.centre) return;
    const fit = Math.min(sides[0] / this.width, sides[1] / this.height);
    this.scale = this.actual ? 1 / devicePixelRatio : fit;
    [this.x, this.y] = lengths.map((length, axis) => {
      const spare = sides[axis] - length * this.scale;
      if (spare >= 0) return spare / 2;
      const start = Math.min(0, Math.max(spare, sides[axis] / 2 - this.centre[axis] * this.scale));
      this.centre[axis] = (sides[axis] / 2 - start) / this.scale;
      return start;
    });
    const set = (name, value) => stage.style.setProperty(name, `${value}px`);
    set("--x", this.x);
    set("--y", this.y);
    set("--w", this.width * this.scale);
    set("--h", this.height * this.scale);
    set("--stage-height", sides[1]);
    stage.classList.toggle("coarse", this.scale * devicePixelRatio > 2);
    this.changed();
  }

  // The place of a pointer, in pixels of the picture.
  at(event) {
    const box = this.part.stage.getBoundingClientRect();
    return [(event.clientX - box.left - this.x) / this.scale, (event.clientY - box.top - this.y) / this.scale];
  }

  // Bring a pixel into sight.
  reveal(x, y) {
    const { stage } = this.part, left = this.x + x * this.scale, top = this.y + y * this.scale;
    if (left >= 0 && top >= 0 && left <= stage.clientWidth && top <= stage.clientHeight) return;
    this.centre = [x, y];
    this.layout();
  }

  grip(event) {
    const { stage, divider } = this.part;
    if (!this.actual || event.target === divider || event.button || !event.isPrimary || this.resting()) return;
    stage.setPointerCapture(event.pointerId);
    let [x, y] = [event.clientX, event.clientY];
    const move = (next) => {
      if (!next.isPrimary) return;
      this.centre = [this.centre[0] - (next.clientX - x) / this.scale, this.centre[1] - (next.clientY - y) / this.scale];
      [x, y] = [next.clientX, next.clientY];
      this.layout();
    };
    const stop = (last) => { if (!last.isPrimary) return; for (const name of ["pointerup", "pointercancel"]) stage.removeEventListener(name, stop); stage.removeEventListener("pointermove", move); };
    stage.addEventListener("pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) stage.addEventListener(name, stop);
  }

  fill() {
    const { frame } = this.part, fills = frame.classList.contains("filling");
    this.filled(!fills); // also where a browser keeps the screen to itself, as on telephones
    if (fills && document.fullscreenElement) document.exitFullscreen();
    else if (!fills) frame.requestFullscreen?.().catch(() => {});
  }

  filled(fills) {
    this.part.frame.classList.toggle("filling", fills);
    this.part.full.textContent = fills ? "Leave full screen" : "Full screen";
    this.layout();
  }
}
