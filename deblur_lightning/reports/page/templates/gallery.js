"use strict";
// The list of pictures: find, order, go through; the address names the one that is shown.
(() => {
  const { base, pictures } = JSON.parse(document.getElementById("pictures").textContent);
  if (!pictures.length) return;
  const part = (name) => document.getElementById(name);
  const viewer = new Viewer(part("viewer"), base);
  const items = new Map([...part("gallery").querySelectorAll("a")].map((link) => [link.dataset.slug, link]));
  const AT_FIRST = 24;
  let shown = pictures, current = null, all = false;

  // What the best model of a picture gains on the blurry one, in dB; NaN where nothing was measured.
  function gain(picture) {
    const others = Object.entries(picture.scores).filter(([title, one]) => title !== "Blurry" && "psnr" in one && !picture.given?.includes(title));
    return others.length ? Math.max(...others.map(([, one]) => one.psnr)) - picture.scores.Blurry?.psnr : NaN;
  }

  const orders = [["name", () => 0]];
  if (pictures.some((one) => Number.isFinite(gain(one)))) {
    orders.push(["least gain first", gain], ["most gain first", (one) => -gain(one)]);
  }
  part("order").replaceChildren(...orders.map(([name], number) => new Option(name, number)));

  function list() {
    const wanted = part("find").value.trim().toLowerCase(), value = orders[part("order").value][1];
    const last = (number) => (Number.isFinite(number) ? number : Infinity);
    const found = pictures.filter((one) => `${one.dataset}: ${one.name}`.toLowerCase().includes(wanted));
    shown = found.map((one, number) => [last(value(one)), number, one])
      .sort((one, other) => one[0] - other[0] || one[1] - other[1]).map(([, , one]) => one);
    const listed = all ? shown : shown.slice(0, AT_FIRST);
    part("gallery").replaceChildren(...listed.map((one) => items.get(one.slug).parentElement));
    part("more").hidden = listed.length === shown.length;
    part("more").textContent = `List all ${shown.length}`;
    const count = `${pictures.length} picture${pictures.length === 1 ? "" : "s"}`;
    part("count").textContent = shown.length === pictures.length ? count : `${shown.length} of ${count}`;
    buttons();
  }

  function buttons() {
    const place = shown.indexOf(current);
    part("previous").disabled = place <= 0;
    part("next").disabled = place < 0 || place === shown.length - 1;
  }

  function open(picture) {
    items.get(current?.slug)?.removeAttribute("aria-current");
    items.get(picture.slug).setAttribute("aria-current", "true");
    current = picture;
    part("shown").textContent = `${picture.dataset}: ${picture.name}`;
    buttons();
    viewer.show(picture);
  }

  function turn(by) {
    const next = shown[shown.indexOf(current) + by];
    if (next) location.replace(`#picture=${next.slug}`);
  }

  function follow() {
    const slug = new URLSearchParams(location.hash.slice(1)).get("picture");
    const picture = pictures.find((one) => one.slug === slug);
    if (picture && picture !== current) open(picture);
    return picture;
  }

  for (const [slug, link] of items) link.href = `#picture=${slug}`;
  part("gallery").addEventListener("click", (event) => {
    if (event.target.closest("a")) part("turn").scrollIntoView({ block: "start" });
  });
  part("previous").addEventListener("click", () => turn(-1));
  part("next").addEventListener("click", () => turn(1));
  part("more").addEventListener("click", () => { all = true; list(); items.get(shown[AT_FIRST].slug).focus(); });
  part("find").addEventListener("input", list);
  part("order").addEventListener("change", list);
  addEventListener("hashchange", () => {
    if (!follow() && !location.hash && current !== pictures[0]) open(pictures[0]); // back to where the page began
  });
  part("turn").hidden = false;
  for (const name of ["previous", "next", "gallery", "choice"]) part(name).hidden = pictures.length < 2;
  list();
  if (!follow()) open(pictures[0]);
})();
