"use strict";
// One picture: a divider between two of its versions, and the blur kernel at the probed pixel.
class Viewer {
  constructor(root, base) {
    this.base = base;
    this.root = root;
    this.part = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
    const { stage, divider, probe, left, right, field, motion } = this.part;
    this.brushing = false; // whether drags on the picture are someone else's
    this.zoom = new Zoom(this.part, () => this.place(), () => this.brushing);
    divider.addEventListener("input", () => this.divide(divider.value));
    for (const name of ["pointermove", "pointerdown"]) stage.addEventListener(name, (event) => this.point(event));
    stage.addEventListener("click", (event) => { if (event.target !== divider) probe.focus({ preventScroll: true }); });
    probe.addEventListener("keydown", (event) => this.step(event));
    left.addEventListener("change", () => this.compare());
    right.addEventListener("change", () => {
      this.chosen = right.value;
      this.compare();
      this.attribute();
      if (!this.picture.fields.some((one) => one.title === right.value)) return;
      field.value = right.value; // the motion that this version was restored by
      this.open();
    });
    field.addEventListener("change", () => this.open());
    motion.addEventListener("change", () => this.drawMotion());
  }

  // wanted: the version to show on the right; without one the one that was chosen last, or the best restored one.
  show(picture, wanted = this.chosen) {
    this.picture = picture;
    this.field = null;
    const { left, right, field, failure, link, files, reduced } = this.part;
    failure.textContent = "";
    reduced.textContent = picture.reduced > 1 ? `Shown at 1/${picture.reduced} of its size.` : "";
    this.root.hidden = false;
    this.root.style.setProperty("--ratio", picture.width / picture.height);
    const titles = picture.pictures.map((one) => one.title);
    const moved = picture.fields.map((one) => one.title);
    const psnr = (title) => picture.scores[title]?.psnr ?? 0;
    const best = (some) => some.reduce((one, title) => (psnr(title) >= psnr(one) ? title : one), undefined);
    const models = titles.filter((title, number) => number > 0 && title !== "Sharp" && !picture.given?.includes(title));
    const restored = best(models);
    this.fill(left, titles, left.value || titles[0]);
    this.fill(right, titles, wanted || restored || titles[1] || titles[0]);
    this.fill(field, moved, [right.value, best(moved.filter((title) => models.includes(title))), moved[0]].find((title) => moved.includes(title)));
    for (const name of ["left-choice", "right-choice"]) this.part[name].hidden = titles.length < 3;
    link.href = `#picture=${picture.slug}`;
    files.replaceChildren("Open alone:", ...picture.pictures.map((one) => {
      const open = document.createElement("a");
      Object.assign(open, { href: this.address(one.file), textContent: this.label(one.title), target: "_blank", rel: "noopener" });
      return open;
    }));
    this.x = Math.floor(picture.width / 4); // clear of the divider's handle
    this.y = Math.floor(picture.height / 3);
    this.zoom.show(picture.width, picture.height);
    this.compare();
    this.divide(this.brushing ? 0 : 50); // all that is painted is seen
    this.drawScores();
    return this.open();
  }

  // What people call a version.
  label(title) {
    if (title === "Blurry") return "Before";
    if (title === "Sharp") return "True picture";
    const restored = this.picture.pictures.filter((one) => one.title !== "Blurry" && one.title !== "Sharp");
    return restored.length === 1 ? "Restored" : `Restored by ${title}`;
  }

  describe(title) {
    const { name } = this.picture;
    if (title === "Blurry") return `${name} before restoration`;
    return title === "Sharp" ? `${name}, the true sharp picture` : `${name} restored by ${title}`;
  }

  fill(choice, titles, wanted) {
    const named = (title) => (choice === this.part.field ? title : this.label(title));
    choice.replaceChildren(...titles.map((title) => new Option(named(title), title)));
    choice.value = titles.includes(wanted) ? wanted : titles[Math.min(choice === this.part.right ? 1 : 0, titles.length - 1)] ?? "";
  }

  address(file) { return this.base + encodeURIComponent(this.picture.slug) + "/" + encodeURIComponent(file); }

  compare() {
    for (const side of ["left", "right"]) {
      const title = this.part[side].value, shown = this.part[`${side}-picture`];
      const address = this.address(this.picture.pictures.find((one) => one.title === title).file);
      if (shown.getAttribute("src") !== address) {
        shown.removeAttribute("src"); // else the former picture stays until this one has come
        shown.src = address;
      }
      shown.alt = this.describe(title);
      shown.onerror = () => { this.part.failure.textContent = `${address} is missing. Make the page anew.`; };
      this.part[`${side}-tag`].textContent = this.label(title);
    }
    this.part.notes.textContent = this.picture.notes?.[this.part.right.value] ?? "";
    this.root.dispatchEvent(new Event("compared"));
  }

  divide(percent) {
    this.part.divider.value = percent;
    this.part.divider.setAttribute("aria-valuetext", `${Math.round(percent)}% ${this.label(this.part.left.value)}`);
    this.part.stage.style.setProperty("--at", `${percent}%`);
    this.part["left-tag"].hidden = Number(percent) === 0; // nothing of it is seen, as while a brush is used
    this.part["right-tag"].hidden = Number(percent) === 100;
  }

  async open() {
    const { field, panel, probe, failure, whole } = this.part;
    const picture = this.picture, chosen = picture.fields.find((one) => one.title === field.value);
    for (const one of [panel, probe, this.part["motion-choice"]]) one.hidden = !chosen;
    this.part["field-choice"].hidden = picture.fields.length < 2;
    this.attribute();
    this.field = null;
    whole.textContent = "";
    this.drawMotion();
    if (!chosen) return;
    try {
      const opened = await Motion.loadField(this.base, `${picture.slug}/${chosen.file}`);
      if (this.picture !== picture || field.value !== chosen.title) return; // another one was chosen meanwhile
      this.field = opened;
      if (opened.uniform) whole.textContent = "One motion for the whole photo.";
      this.probe(this.x, this.y);
      this.drawMotion();
    } catch (error) {
      if (this.picture === picture) failure.textContent = `The motion field cannot be shown: ${error.message}`;
    }
  }

  // Say whose the motion is where the version on the right was restored by another model.
  attribute() {
    const { field, right } = this.part, other = this.label(right.value).startsWith("Restored by") && right.value !== field.value;
    this.part["seen-by"].textContent = other ? `, as ${field.value} saw it` : "";
  }

  point(event) {
    const dragged = this.zoom.actual && event.type === "pointermove" && event.buttons;
    if (event.target === this.part.divider || this.brushing || dragged) return;
    this.probe(...this.zoom.at(event).map(Math.floor));
  }

  step(event) {
    const stride = event.shiftKey ? 1 : Math.max(1, Math.round(this.picture.width / 64));
    const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    this.probe(this.x + stride * move[0], this.y + stride * move[1]);
    this.zoom.reveal(this.x, this.y);
  }

  place() {
    this.part.probe.style.left = `${this.zoom.x + (this.x + 0.5) * this.zoom.scale}px`;
    this.part.probe.style.top = `${this.zoom.y + (this.y + 0.5) * this.zoom.scale}px`;
  }

  probe(x, y) {
    const { width, height } = this.picture;
    this.x = Math.min(Math.max(x, 0), width - 1);
    this.y = Math.min(Math.max(y, 0), height - 1);
    this.place();
    if (!this.field) return;
    const shares = Motion.sharesAt(this.field, (this.x + 0.5) / width, (this.y + 0.5) / height);
    const path = Motion.mix(this.field, shares), size = this.field.size;
    const said = `Pixel ${this.x}, ${this.y}: ${Motion.told(path, size)}`;
    Motion.drawPath(this.part.kernel, path, size, Motion.glow);
    this.part.kernel.setAttribute("aria-label", `Blur kernel, ${size} × ${size} pixels. ${said}`);
    this.part.probe.setAttribute("aria-label", `Probe. ${said}`);
    this.part.said.textContent = said;
    this.drawMix(shares);
  }

  drawMix(shares) {
    const area = this.field.size ** 2;
    const most = [...shares.keys()].sort((one, other) => shares[other] - shares[one]).slice(0, 4);
    const mixed = most.filter((number) => shares[number] >= 0.005);
    this.part.mix.replaceChildren(...(mixed.length > 1 ? mixed : []).map((number) => {
      const item = document.createElement("span"), canvas = document.createElement("canvas");
      const path = this.field.basis.slice(number * area, (number + 1) * area).reverse();
      Motion.drawPath(canvas, path, this.field.size, Motion.glow);
      item.append(canvas, `${Math.round(100 * shares[number])}%`);
      return item;
    }));
  }

  drawMotion() {
    const layer = this.part["motion-layer"], { width, height, name } = this.picture;
    layer.hidden = !this.field || !this.part.motion.checked;
    this.part.stage.classList.toggle("moving", !layer.hidden);
    if (layer.hidden) return;
    const where = this.field.uniform ? "one motion for the whole photo" : "at places all over the photo";
    layer.setAttribute("aria-label", `How light moved in ${name}, ${where}`);
    Motion.drawEverywhere(layer, this.field, width, height);
  }

  drawScores() {
    const table = this.part.scores, scores = this.picture.scores;
    const metrics = [...new Set(Object.values(scores).flatMap((one) => Object.keys(one)))];
    table.replaceChildren();
    if (!metrics.length) return;
    const head = table.createTHead().insertRow(), body = table.createTBody();
    const cell = (row, tag, text, scope) => {
      const made = document.createElement(tag);
      made.textContent = text;
      if (scope) made.scope = scope;
      row.append(made);
    };
    for (const name of ["This picture", ...metrics.map((metric) => metric.replaceAll("_", " ").toUpperCase())]) cell(head, "th", name, "col");
    for (const [title, values] of Object.entries(scores)) {
      const row = body.insertRow();
      cell(row, "th", this.label(title), "row");
      for (const metric of metrics) cell(row, "td", metric in values ? values[metric].toFixed(metric === "psnr" ? 2 : 4) : "—");
    }
  }
}
