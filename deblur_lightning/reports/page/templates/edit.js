"use strict";
const UNDOABLE = 8; // strokes

// How strongly and where a photo is restored, seen at once: the photo before lies under the restored one, which is as
// opaque as it is strong, and once more above it where the brush protects. The full-size file is made by the server.
class Edit {
  // changed() is called whenever the shown photo's strength or what is painted on it changes.
  constructor(viewer, part, changed) {
    Object.assign(this, { viewer, part, kept: new Map(), touched: false }); // by slug: strength, the brush's layer if used, layers before
    this.changed = () => { this.touched = true; changed(); };
    const { stage, probe } = viewer.part, half = viewer.part["right-half"];
    this.under = new Image();
    this.under.alt = "";
    half.prepend(this.under);
    this.half = half;
    this.ring = document.createElement("span");
    this.ring.className = "ring";
    this.ring.hidden = true;
    stage.append(this.ring);
    part("strength").addEventListener("input", () => { this.now.strength = Number(part("strength").value); this.show(); this.changed(); });
    part("brush").addEventListener("change", () => this.turn());
    part("clear").addEventListener("click", () => { this.remember(); this.lay(null); part("brush").focus(); });
    part("undo").addEventListener("click", () => this.undo());
    addEventListener("keydown", (event) => {
      const asked = (event.ctrlKey || event.metaKey) && !event.shiftKey && (event.key.toLowerCase() === "z" || event.code === "KeyZ");
      if (!asked || !this.now?.past.length) return;
      event.preventDefault();
      this.undo();
    });
    viewer.root.addEventListener("compared", () => this.open());
    for (const name of ["pointerdown", "pointermove"]) stage.addEventListener(name, (event) => this.paint(event));
    stage.addEventListener("pointerleave", () => { this.ring.hidden = true; });
    for (const name of ["pointerup", "pointercancel"]) {
      stage.addEventListener(name, (event) => { if (event.isPrimary) this.end(); });
    }
    probe.addEventListener("keydown", (event) => {
      if (event.key !== " " || !this.brush) return;
      event.preventDefault();
      if (!this.ready) return;
      this.remember();
      this.dab(viewer.x + 0.5, viewer.y + 0.5);
      this.show();
    });
  }

  get brush() { return this.part("brush").value; }

  get now() { return this.kept.get(this.viewer.picture?.slug); }

  // Whether the photo before is there to be painted with.
  get ready() { return this.under.complete && this.under.naturalWidth > 0; }

  // Whether a stroke is being made.
  get painting() { return Boolean(this.last); }

  end() {
    this.last = null;
    this.then?.();
    this.then = null;
  }

  // Do something now, or when the stroke that is being made has ended.
  afterStroke(then) {
    if (!this.painting) return then();
    this.then = then;
    return null;
  }

  // Let go of what was painted on a photo that is no longer kept; while it is shown it stays.
  forget(slug) {
    if (slug !== this.viewer.picture?.slug) this.kept.delete(slug);
    else this.gone = slug;
  }

  layer() { return this.now.layer; }

  open() {
    const { picture } = this.viewer;
    if (!this.kept.has(picture.slug)) this.kept.set(picture.slug, { strength: 100, layer: null, past: [] });
    if (this.shown !== picture.slug) {
      this.kept.get(this.shown)?.past.splice(0); // layers take much memory
      if (this.gone) this.kept.delete(this.gone);
      Object.assign(this, { shown: picture.slug, touched: false, last: null, then: null, gone: null });
    }
    const before = this.viewer.address(picture.pictures[0].file);
    if (this.under.getAttribute("src") !== before) {
      this.under.removeAttribute("src");
      this.under.src = before;
    }
    this.place();
    this.part("strength").value = this.now.strength;
    this.turn();
  }

  // Show the present layer, if there is one, and no other.
  place() {
    this.half.querySelector("canvas")?.remove();
    if (this.layer()) this.half.append(this.layer());
  }

  // Keep the layer as it is before a change, to come back to.
  remember() {
    const { past } = this.now, layer = this.layer(), copy = layer?.cloneNode();
    copy?.getContext("2d").drawImage(layer, 0, 0);
    past.push(copy ?? null);
    if (past.length > UNDOABLE) past.shift();
  }

  undo() {
    const { past } = this.now;
    this.last = null; // a stroke that is being made ends
    if (past.length === 1 && document.activeElement === this.part("undo")) this.part("brush").focus(); // the button goes
    this.lay(past.pop());
  }

  lay(layer) {
    this.now.layer = layer;
    this.place();
    this.show();
    this.changed();
  }

  turn() {
    const { brush } = this;
    if (brush && !this.viewer.brushing) this.viewer.divide(0); // all that is painted is seen
    this.viewer.brushing = Boolean(brush);
    this.viewer.part.stage.classList.toggle("brushing", Boolean(brush));
    this.ring.classList.toggle("restores", brush === "restore");
    this.part("size-choice").hidden = !brush;
    this.ring.hidden = true;
    this.show();
  }

  show() {
    const { part } = this.viewer, { strength, layer } = this.now;
    part["right-picture"].style.opacity = strength / 100;
    this.part("strength-said").value = `${strength}%`;
    this.part("painted").hidden = !layer && !this.now.past.length;
    this.part("clear").hidden = !layer;
    this.part("undo").hidden = !this.now.past.length;
    this.part("brush").options[2].text = layer ? "restores there too" : "restores only there";
    const label = this.viewer.label(part.right.value);
    const some = [strength < 100 && `${strength}\u00a0%`, layer && "in part"].filter(Boolean);
    part["right-tag"].textContent = part.right.value === "Blurry" ? label : [label, ...some].join(", ");
  }

  paint(event) {
    const { stage, divider } = this.viewer.part;
    if (!event.isPrimary) return; // of two fingers the first paints
    if (!this.brush || event.target === divider) { this.ring.hidden = true; return; }
    const box = stage.getBoundingClientRect(), size = 2 * Number(this.part("size").value);
    Object.assign(this.ring.style, {
      left: `${event.clientX - box.left}px`, top: `${event.clientY - box.top}px`, width: `${size}px`, height: `${size}px`,
    });
    this.ring.hidden = event.pointerType === "touch" && !event.buttons;
    if (!(event.buttons & 1)) { this.last = null; return; }
    if (!this.ready) return;
    if (event.type === "pointerdown") {
      stage.setPointerCapture(event.pointerId);
      this.last = null;
      this.remember();
    } else if (!this.last) return; // a stroke that began elsewhere
    const to = this.viewer.zoom.at(event), from = this.last ?? to;
    const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / (this.radius() / 3)));
    for (let step = 1; step <= steps; step++) {
      const share = step / steps;
      this.dab(from[0] + share * (to[0] - from[0]), from[1] + share * (to[1] - from[1]));
    }
    this.last = to;
    this.show();
  }

  // In pixels of the picture; the brush keeps its size on the screen.
  radius() { return Number(this.part("size").value) / this.viewer.zoom.scale; }

  // One touch of the brush, soft towards its edge. The layer holds the photo before, opaque where it is kept.
  dab(x, y) {
    this.changed();
    const { width, height } = this.viewer.picture, first = !this.layer();
    if (first) {
      const shrink = Math.min(1, Math.sqrt(1.5e6 / (width * height)));
      this.now.layer = Object.assign(document.createElement("canvas"), {
        width: Math.max(1, Math.round(width * shrink)), height: Math.max(1, Math.round(height * shrink)),
      });
      this.half.append(this.layer());
    }
    const layer = this.layer(), scale = layer.width / width, context = layer.getContext("2d");
    if (first && this.brush === "restore") context.drawImage(this.under, 0, 0, layer.width, layer.height); // nothing else
    const radius = this.radius() * scale, left = x * scale - radius, top = y * scale - radius;
    const soft = (target, at, down) => {
      const gradient = target.createRadialGradient(at, down, 0.5 * radius, at, down, radius);
      gradient.addColorStop(0, "#000");
      gradient.addColorStop(1, "#0000");
      target.fillStyle = gradient;
      target.fillRect(at - radius, down - radius, 2 * radius, 2 * radius);
    };
    if (this.brush === "restore") {
      context.globalCompositeOperation = "destination-out";
      soft(context, x * scale, y * scale);
      context.globalCompositeOperation = "source-over";
      return;
    }
    const stamp = Object.assign(document.createElement("canvas"), { width: Math.ceil(2 * radius) + 1, height: Math.ceil(2 * radius) + 1 });
    const pen = stamp.getContext("2d");
    soft(pen, radius, radius);
    pen.globalCompositeOperation = "source-in";
    pen.drawImage(this.under, -left, -top, layer.width, layer.height);
    context.drawImage(stamp, left, top);
  }

  // What is painted as a gray PNG, white where the photo is restored; null where nothing is painted.
  mask() {
    const layer = this.layer();
    if (!layer) return Promise.resolve(null);
    const made = Object.assign(document.createElement("canvas"), { width: layer.width, height: layer.height });
    const pen = made.getContext("2d");
    pen.drawImage(layer, 0, 0);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = "#000";
    pen.fillRect(0, 0, made.width, made.height);
    pen.globalCompositeOperation = "destination-over";
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, made.width, made.height);
    return new Promise((resolve) => { made.toBlob(resolve, "image/png"); });
  }
}
