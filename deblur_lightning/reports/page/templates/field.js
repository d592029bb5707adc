"use strict";
// Motion fields: fetched, unpacked, mixed to the kernel of a pixel, measured and drawn.
// deblurField is called by the files that hold motion fields.
const { Motion, deblurField } = (() => {
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

  const STAYED = 0.1, STANDS_OUT = 4; // of a dot: its share of a path's light at least, times as bright as the next pixel
  const NEARBY = 4; // pixels over which what did not stay has to spread to be spoken of; the eight around a dot do over 3

  // What a path tells, in words; figures/motion.py says the same.
  function told(path, size) {
    const whole = stroke(path, size), most = (lights) => lights.reduce((more, light) => Math.max(more, light), 0);
    if (whole.length < 1) return "no visible motion";
    const brightest = most(path), place = path.indexOf(brightest);
    const others = path.map((light, cell) => (cell === place ? 0 : light));
    if (brightest <= Math.max(STAYED, STANDS_OUT * most(others))) return `light spread over ${spreadTold(whole)}`;
    const rest = stroke(others.map((light) => light / (1 - brightest)), size);
    const stayed = `${Math.round(100 * brightest)}% of the light stayed on one pixel`;
    return rest.length < NEARBY ? stayed : `${stayed}, the rest spread over ${spreadTold(rest)}`;
  }

  function spreadTold({ length, width, degrees }) {
    const along = width > 0.7 * length ? "about equally all around" : `mostly along ${Math.round(degrees) % 180}°`;
    return `${length.toFixed(1)} px, ${along}`;
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
  const amber = (light) => [255, 194, 8, 255 * Math.sqrt(light)]; // as figures/field.py

  const VISIBLE = 0.004; // share of a path's peak; fainter light is not seen
  const FILLED = 0.86; // of a cell's side; the rest parts neighbours
  const ENLARGED = 4; // times at most: where hardly anything moved, a dot shall look like one

  // The motion all over a picture: whole kernels at one scale, few and large where one motion moved all.
  function drawEverywhere(layer, field, width, height) {
    const size = field.size, middle = (size - 1) / 2, longer = Math.max(width, height), scale = 1600 / longer;
    layer.width = Math.round(width * scale);
    layer.height = Math.round(height * scale);
    const along = (length) => Math.max(1, Math.round(((field.uniform ? 5 : 15) * length) / longer));
    const columns = along(width), rows = along(height), paths = [];
    let reach = 2;
    for (let number = 0; number < rows * columns; number++) {
      const path = mix(field, sharesAt(field, ((number % columns) + 0.5) / columns, (Math.floor(number / columns) + 0.5) / rows));
      const peak = path.reduce((most, light) => Math.max(most, light), 0);
      path.forEach((light, cell) => {
        if (light <= VISIBLE * peak) return;
        reach = Math.max(reach, Math.abs((cell % size) - middle), Math.abs(Math.floor(cell / size) - middle));
      });
      paths.push(path);
    }
    reach = Math.min(reach, middle);
    const context = layer.getContext("2d"), stamp = document.createElement("canvas"), side = 2 * reach + 1;
    const drawn = Math.min(FILLED * Math.min(layer.width / columns, layer.height / rows), ENLARGED * side * scale);
    paths.forEach((path, number) => {
      drawPath(stamp, path, size, amber);
      const x = (((number % columns) + 0.5) * layer.width) / columns, y = ((Math.floor(number / columns) + 0.5) * layer.height) / rows;
      context.drawImage(stamp, middle - reach, middle - reach, side, side, x - drawn / 2, y - drawn / 2, drawn, drawn);
    });
  }

  return { Motion: { loadField, sharesAt, mix, told, drawPath, drawEverywhere, glow }, deblurField };
})();
