"use strict";
// The live page: photos go in, each answer is a record as the page of results has it, and is edited and saved.
(() => {
  const { base } = JSON.parse(document.getElementById("pictures").textContent);
  const part = (name) => document.getElementById(name);
  const size = (bytes) => (bytes < 1e5 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`);
  const viewer = new Viewer(part("viewer"), base);
  const unsaved = new Set(); // photos' slugs, each with the model that restored it
  const shownKey = () => `${viewer.picture.slug} ${shownVersion()}`;
  const edit = new Edit(viewer, part, () => { if (files.has(viewer.picture.slug)) unsaved.add(shownKey()); });
  const files = new Map(); // by slug: the name that a photo is saved under
  viewer.part.link.parentElement.hidden = true; // the page forgets

  function open(picture, version = picture.pictures.at(-1).title) {
    for (const link of part("gallery").querySelectorAll("a")) {
      link.toggleAttribute("aria-current", false);
      if (link.dataset.slug === picture.slug) link.setAttribute("aria-current", "true");
    }
    part("shown").textContent = picture.name;
    part("shown").hidden = false;
    const shown = viewer.show(picture, version);
    offer();
    return shown;
  }

  // Offer the chosen model for the photo that is shown, unless it was restored by it already, or is about to be.
  function offer() {
    const { picture } = viewer, model = part("model").value;
    part("again").hidden = !picture || picture.pictures.some((one) => one.title === model) || queue.holds(picture.slug, model);
  }

  // Take a photo away that is no longer kept; tell its name if something of it was not saved.
  function forget(slug) {
    const link = part("gallery").querySelector(`[data-slug="${slug}"]`), name = link?.textContent;
    const lost = [...unsaved].filter((key) => key.startsWith(`${slug} `));
    for (const key of lost) unsaved.delete(key);
    link?.parentElement.remove();
    files.delete(slug);
    edit.forget(slug);
    if (lost.length) failToo(`${name} is no longer kept, for newer photos took its place. Drop it again to save it.`);
  }

  function list(picture) {
    part("gallery").querySelector(`[data-slug="${picture.slug}"]`)?.parentElement.remove();
    const item = document.createElement("li"), link = document.createElement("a"), name = document.createElement("span");
    const thumbnail = new Image(192, 144);
    thumbnail.alt = `${picture.name}, small`;
    thumbnail.src = `${base}${picture.slug}/${picture.thumbnail}`;
    link.href = "#shown";
    link.dataset.slug = picture.slug;
    name.textContent = picture.name;
    link.append(thumbnail, name);
    link.addEventListener("click", (event) => { event.preventDefault(); open(picture); part("shown").scrollIntoView(); });
    item.append(link);
    part("gallery").prepend(item);
  }

  const fail = (...sentences) => { part("failure").textContent = [...new Set(sentences)].filter(Boolean).join("\n"); };
  const failToo = (sentence) => fail(...part("failure").textContent.split("\n"), sentence);
  const queue = new PhotoQueue(part("queue"), (told) => {
    part("status").textContent = told.said;
    files.set(told.picture.slug, told.file);
    unsaved.add(`${told.picture.slug} ${told.version}`);
    part("drop").classList.add("used");
    list(told.picture);
    told.gone.forEach(forget);
    if (viewer.picture?.slug === told.picture.slug) return edit.afterStroke(() => open(told.picture, told.version));
    if (!viewer.picture || (!edit.painting && !edit.touched)) return open(told.picture, told.version);
    part("status").textContent += ". It is among the photos below.";
    return null; // another one is being worked on
  }, failToo, () => offer(), part("file"), Number(part("file").dataset.most));

  function send(photos) {
    if (!queue.busy) fail("");
    for (const photo of photos) queue.add(photo.name, { name: photo.name, model: part("model").value }, photo);
    part("queue").scrollIntoView({ block: "nearest" }); // photos may be dropped anywhere
  }

  // The version that is saved: the one shown, or the newest where the photo before is shown.
  function shownVersion() {
    const { right } = viewer.part;
    return right.value === "Blurry" ? viewer.picture.pictures.at(-1).title : right.value;
  }

  async function save() {
    const { picture } = viewer, button = part("save"), version = shownVersion(), key = shownKey();
    const query = new URLSearchParams({ photo: picture.slug, version, strength: edit.now.strength / 100 });
    const stopped = `${picture.name} could not be saved: the server has stopped.`;
    if (button.ariaDisabled === "true") return;
    button.ariaDisabled = "true"; // a disabled one would lose the focus
    unsaved.delete(key); // what is changed from now on is not in the file
    try {
      const answer = await fetch(`save?${query}`, {
        method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: (await edit.mask()) ?? "",
      });
      if (!answer.ok) await PhotoQueue.read(answer, picture.name);
      const file = await answer.blob(), link = document.createElement("a");
      link.href = URL.createObjectURL(file);
      link.download = files.get(picture.slug);
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      fail(...part("failure").textContent.split("\n").filter((one) => one !== stopped));
      part("status").textContent = `Saved as ${link.download}, ${size(file.size)}`;
    } catch (error) {
      if (files.has(picture.slug)) unsaved.add(key);
      failToo(error instanceof TypeError ? stopped : error.message);
    }
    button.ariaDisabled = null;
  }

  addEventListener("beforeunload", (event) => {
    if (!unsaved.size && !queue.busy) return;
    event.preventDefault();
    event.returnValue = true; // which older browsers go by
  });
  part("model").addEventListener("change", offer);
  part("again").addEventListener("click", () => {
    if (!queue.busy) fail("");
    const { name, slug } = viewer.picture;
    queue.add(name, { photo: slug, model: part("model").value }, null);
  });
  part("save").addEventListener("click", save);
  part("file").addEventListener("change", () => { send([...part("file").files]); part("file").value = ""; });
  addEventListener("dragover", (event) => {
    if (!event.dataTransfer.types.includes("Files")) return; // text or a link
    event.preventDefault();
    part("drop").classList.add("over");
  });
  addEventListener("dragleave", () => part("drop").classList.remove("over"));
  addEventListener("drop", async (event) => {
    event.preventDefault();
    part("drop").classList.remove("over");
    const said = [], suffixes = part("file").dataset.suffixes.split(" ");
    const photos = await droppedFiles(event.dataTransfer, suffixes, (sentence) => said.push(sentence));
    send(photos);
    said.forEach(failToo);
  });
  addEventListener("paste", (event) => send([...event.clipboardData.files]));
})();
