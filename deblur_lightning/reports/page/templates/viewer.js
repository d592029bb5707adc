"use strict";
// One picture: a divider between two of its versions, and the blur kernel at the probed pixel.
// Viewer is the only name that other scripts use; deblurField is called by the files that hold motion fields.
const { Viewer, deblurField } = (() => {
  const KEPT_FIELDS = 6;
  const awaited = new Map(); // by path: what to do with the field that its file hands over
  const fields = new Map(); // by path: promises of unpacked fields, the newest last

  function deblurField(path, packed) {
    awaited.get(path)?.(packed);
    awaited.delete(path);
  }

  function loadField(base, path) {
    if (!fields.has(path)) {
      fields.set(path, new Promise((resolve, reject) => {
        const script = document.createElement("script");
        awaited.set(path, resolve);
        script.onload = () => script.remove();
        script.onerror = () => { script.remove(); fields.delete(path); reject(new Error(`${path} is missing.`)); };
        script.src = base + path;
        document.head.append(script);
      }).then(unpackField));
      for (const old of [...fields.keys()].slice(0, -KEPT_FIELDS)) fields.delete(old);
    }
    return fields.get(path);
  }

  async function bytes(text) {
    const deflated = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  async function unpackField(packed) {
    const [levels, shares] = await Promise.all([bytes(packed.basis), bytes(packed.coefficients)]);
    const area = packed.size * packed.size;
    const basis = Float32Array.from(levels, (level, index) => (level / 255) * packed.peaks[Math.floor(index / area)]);
    return { ...packed, basis, coefficients: shares };
  }

  // The mixing coefficients at a point, x and y in [0, 1] of the picture, between the nearest four cells.
  function sharesAt(field, x, y) {
    const clamp = (value, most) => Math.min(Math.max(value, 0), most);
    const column = clamp(x * field.columns - 0.5, field.columns - 1);
    const row = clamp(y * field.rows - 0.5, field.rows - 1);
    const left = Math.floor(column), top = Math.floor(row);
    const right = Math.min(left + 1, field.columns - 1), bottom = Math.min(top + 1, field.rows - 1);
    const across = column - left, down = row - top, area = field.rows * field.columns;
    const shares = new Float32Array(field.count);
    let sum = 0;
    for (let number = 0; number < field.count; number++) {
      const at = (r, c) => field.coefficients[number * area + r * field.columns + c];
      shares[number] = (1 - down) * ((1 - across) * at(top, left) + across * at(top, right))
        + down * ((1 - across) * at(bottom, left) + across * at(bottom, right));
      sum += shares[number];
    }
    return shares.map((share) => share / (sum || 1));
  }

  // The kernel of these shares as the light's path: correlation kernels turned by half a turn; its sum is 1.
  function mix(field, shares) {
    const area = field.size * field.size, path = new Float32Array(area);
    let sum = 0;
    for (let number = 0; number < field.count; number++) {
      if (!shares[number]) continue;
      for (let cell = 0; cell < area; cell++) {
        const light = shares[number] * field.basis[number * area + cell];
        path[area - 1 - cell] += light;
        sum += light;
      }
    }
    return path.map((light) => light / (sum || 1));
  }

  // Length and direction of the straight stroke that spreads light as a path does (a stroke's variance is length²/12).
  function stroke(path, size) {
    let x = 0, y = 0, xx = 0, xy = 0, yy = 0;
    path.forEach((light, cell) => { x += light * (cell % size); y += light * Math.floor(cell / size); });
    path.forEach((light, cell) => {
      const right = (cell % size) - x, below = Math.floor(cell / size) - y;
      xx += light * right * right; xy += light * right * below; yy += light * below * below;
    });
    const spread = Math.hypot(xx - yy, 2 * xy);
    const degrees = (Math.atan2(-2 * xy, xx - yy) / 2) * (180 / Math.PI);
    return { length: Math.sqrt(6 * (xx + yy + spread)), width: Math.sqrt(6 * Math.max(0, xx + yy - spread)), degrees: (degrees + 180) % 180 };
  }

  function drawPath(canvas, path, size, colour) {
    const peak = path.reduce((most, light) => Math.max(most, light), 0) || 1;
    const drawn = new ImageData(size, size);
    path.forEach((light, cell) => drawn.data.set(colour(light / peak), 4 * cell));
    canvas.width = canvas.height = size;
    canvas.getContext("2d").putImageData(drawn, 0, 0);
  }

  const glow = (light) => [255 * Math.min(1, 1.6 * light), 255 * Math.min(1, 1.25 * light), 255 * light ** 1.6, 255];
  const amber = (light) => [255, 194, 8, 255 * light ** 0.7];

  class Viewer {
    constructor(root, base) {
      this.base = base;
      this.root = root;
      this.part = Object.fromEntries([...root.querySelectorAll("[data-part]")].map((one) => [one.dataset.part, one]));
      const { stage, divider, probe, left, right, field, motion } = this.part;
      divider.addEventListener("input", () => this.divide(divider.value));
      for (const name of ["pointermove", "pointerdown"]) stage.addEventListener(name, (event) => this.point(event));
      stage.addEventListener("click", (event) => { if (event.target !== divider) probe.focus({ preventScroll: true }); });
      probe.addEventListener("keydown", (event) => this.step(event));
      left.addEventListener("change", () => this.compare());
      right.addEventListener("change", () => {
        this.compare();
        if (!this.picture.fields.some((one) => one.title === right.value)) return;
        field.value = right.value; // the motion that this version was restored by
        this.open();
      });
      field.addEventListener("change", () => this.open());
      motion.addEventListener("change", () => this.drawMotion());
      new ResizeObserver(() => stage.style.setProperty("--stage-height", `${stage.clientHeight}px`)).observe(stage);
    }

    show(picture) {
      this.picture = picture;
      this.field = null;
      const { stage, left, right, field, failure } = this.part;
      failure.textContent = "";
      this.root.hidden = false;
      this.root.style.setProperty("--ratio", picture.width / picture.height);
      stage.classList.toggle("coarse", picture.width < 320);
      const titles = picture.pictures.map((one) => one.title);
      const wanted = picture.fields.map((one) => one.title);
      const restored = titles.findLast((title, number) => number > 0 && title !== "Sharp" && wanted.includes(title));
      this.fill(left, titles, left.value || titles[0]);
      this.fill(right, titles, right.value || restored || titles[1] || titles[0]);
      this.fill(field, wanted, field.value || restored || wanted[0]);
      this.x = Math.floor(picture.width / 4); // clear of the divider's handle
      this.y = Math.floor(picture.height / 3);
      this.compare();
      this.divide(50);
      this.drawScores();
      return this.open();
    }

    fill(choice, titles, wanted) {
      choice.replaceChildren(...titles.map((title) => new Option(title, title)));
      choice.value = titles.includes(wanted) ? wanted : titles[Math.min(choice === this.part.right ? 1 : 0, titles.length - 1)] ?? "";
    }

    address(file) { return this.base + encodeURIComponent(this.picture.slug) + "/" + encodeURIComponent(file); }

    compare() {
      for (const side of ["left", "right"]) {
        const title = this.part[side].value, shown = this.part[`${side}-picture`];
        const address = this.address(this.picture.pictures.find((one) => one.title === title).file);
        if (shown.getAttribute("src") !== address) shown.src = address;
        shown.alt = `${this.picture.name}, ${title}`;
        shown.onerror = () => { this.part.failure.textContent = `${address} is missing. Make the page anew.`; };
        this.part[`${side}-tag`].textContent = title;
      }
    }

    divide(percent) {
      this.part.divider.value = percent;
      this.part.divider.setAttribute("aria-valuetext", `${Math.round(percent)} % ${this.part.left.value}`);
      this.part.stage.style.setProperty("--at", `${percent}%`);
    }

    async open() {
      const { field, panel, probe, failure } = this.part;
      const picture = this.picture, chosen = picture.fields.find((one) => one.title === field.value);
      for (const one of [panel, probe, this.part["field-choice"], this.part["motion-choice"]]) one.hidden = !chosen;
      this.field = null;
      this.drawMotion();
      if (!chosen) return;
      try {
        const opened = await loadField(this.base, `${picture.slug}/${chosen.file}`);
        if (this.picture !== picture || field.value !== chosen.title) return; // another one was chosen meanwhile
        this.field = opened;
        this.probe(this.x, this.y);
        this.drawMotion();
      } catch (error) {
        if (this.picture === picture) failure.textContent = `The motion field cannot be shown: ${error.message}`;
      }
    }

    point(event) {
      if (event.target === this.part.divider) return;
      const box = this.part.stage.getBoundingClientRect();
      this.probe(Math.floor(((event.clientX - box.left) / box.width) * this.picture.width),
        Math.floor(((event.clientY - box.top) / box.height) * this.picture.height));
    }

    step(event) {
      const stride = event.shiftKey ? 1 : Math.max(1, Math.round(this.picture.width / 64));
      const moves = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      this.probe(this.x + stride * move[0], this.y + stride * move[1]);
    }

    probe(x, y) {
      const { width, height } = this.picture;
      this.x = Math.min(Math.max(x, 0), width - 1);
      this.y = Math.min(Math.max(y, 0), height - 1);
      this.part.probe.style.left = `${((this.x + 0.5) / width) * 100}%`;
      this.part.probe.style.top = `${((this.y + 0.5) / height) * 100}%`;
      if (!this.field) return;
      const shares = sharesAt(this.field, (this.x + 0.5) / width, (this.y + 0.5) / height);
      const path = mix(this.field, shares), size = this.field.size;
      const { length, width: breadth, degrees } = stroke(path, size);
      const along = breadth > 0.7 * length ? "about equally all around" : `mostly along ${Math.round(degrees) % 180}°`;
      const motion = length < 1 ? "no visible motion" : `light spread over ${length.toFixed(1)} px, ${along}`;
      const said = `Pixel ${this.x}, ${this.y}: ${motion}`;
      drawPath(this.part.kernel, path, size, glow);
      this.part.kernel.setAttribute("aria-label", `Blur kernel, ${size} × ${size} pixels. ${said}`);
      this.part.probe.setAttribute("aria-label", `Probe. ${said}`);
      this.part.said.textContent = said;
      this.drawMix(shares);
    }

    drawMix(shares) {
      const area = this.field.size ** 2;
      const most = [...shares.keys()].sort((one, other) => shares[other] - shares[one]).slice(0, 4);
      this.part.mix.replaceChildren(...most.filter((number) => shares[number] >= 0.005).map((number) => {
        const item = document.createElement("span"), canvas = document.createElement("canvas");
        drawPath(canvas, this.field.basis.slice(number * area, (number + 1) * area).reverse(), this.field.size, glow);
        item.append(canvas, `${Math.round(100 * shares[number])} %`);
        return item;
      }));
    }

    drawMotion() {
      const layer = this.part["motion-layer"], { width, height } = this.picture;
      layer.hidden = !this.field || !this.part.motion.checked;
      this.part.stage.classList.toggle("moving", !layer.hidden);
      if (layer.hidden) return;
      const size = this.field.size, middle = (size - 1) / 2, scale = 1600 / Math.max(width, height);
      layer.width = Math.round(width * scale);
      layer.height = Math.round(height * scale);
      const columns = Math.max(1, Math.round((15 * width) / Math.max(width, height)));
      const rows = Math.max(1, Math.round((15 * height) / Math.max(width, height)));
      const paths = [];
      let reach = 2;
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          const path = mix(this.field, sharesAt(this.field, (column + 0.5) / columns, (row + 0.5) / rows));
          const peak = path.reduce((light, other) => Math.max(light, other), 0);
          path.forEach((light, cell) => {
            if (light < 0.1 * peak) return;
            reach = Math.max(reach, Math.abs((cell % size) - middle), Math.abs(Math.floor(cell / size) - middle));
          });
          paths.push(path);
        }
      }
      const context = layer.getContext("2d"), stamp = document.createElement("canvas"), side = 2 * reach + 1;
      const drawn = 0.94 * Math.min(layer.width / columns, layer.height / rows);
      paths.forEach((path, number) => {
        drawPath(stamp, path, size, amber);
        const x = (((number % columns) + 0.5) * layer.width) / columns, y = ((Math.floor(number / columns) + 0.5) * layer.height) / rows;
        context.drawImage(stamp, middle - reach, middle - reach, side, side, x - drawn / 2, y - drawn / 2, drawn, drawn);
      });
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
        cell(row, "th", title, "row");
        for (const metric of metrics) cell(row, "td", metric in values ? values[metric].toFixed(metric === "psnr" ? 2 : 4) : "—");
      }
    }
  }
  return { Viewer, deblurField };
})();
