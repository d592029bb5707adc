"use strict";
// Photos are sent one after another; each answer is a record as the page of results has it.
(() => {
  const { base } = JSON.parse(document.getElementById("pictures").textContent);
  const part = (name) => document.getElementById(name);
  const viewer = new Viewer(part("viewer"), base);
  let queue = Promise.resolve();

  function open(picture) {
    for (const link of part("gallery").querySelectorAll("a")) {
      link.toggleAttribute("aria-current", false);
      if (link.dataset.slug === picture.slug) link.setAttribute("aria-current", "true");
    }
    part("shown").textContent = picture.name;
    part("shown").hidden = part("save").hidden = false;
    const restored = picture.pictures.at(-1), link = part("save").firstElementChild;
    link.href = `${base}${picture.slug}/${restored.file}`;
    link.download = `${picture.name.replace(/\.[^.]*$/, "")} ${restored.title}.webp`;
    return viewer.show(picture);
  }

  function list(picture) {
    const item = document.createElement("li"), link = document.createElement("a"), name = document.createElement("span");
    const thumbnail = new Image(192, 144);
    thumbnail.alt = "";
    thumbnail.src = `${base}${picture.slug}/${picture.thumbnail}`;
    link.href = "#shown";
    link.dataset.slug = picture.slug;
    name.textContent = picture.name;
    link.append(thumbnail, name);
    link.addEventListener("click", (event) => { event.preventDefault(); open(picture); part("shown").scrollIntoView(); });
    item.append(link);
    part("gallery").prepend(item);
  }

  async function restore(file) {
    const began = Date.now();
    const tell = () => { part("status").textContent = `Restoring ${file.name}: ${Math.round((Date.now() - began) / 1000)} s`; };
    const clock = setInterval(tell, 1000);
    tell();
    part("progress").hidden = false;
    part("failure").textContent = "";
    try {
      const answer = await fetch(`restore?name=${encodeURIComponent(file.name)}`, {
        method: "POST", headers: { "Content-Type": "application/octet-stream" }, body: file,
      });
      const told = await answer.json();
      if (!answer.ok) throw new Error(told.error);
      part("status").textContent = told.said;
      list(told.picture);
      await open(told.picture);
    } catch (error) {
      part("status").textContent = "";
      part("failure").textContent = error instanceof TypeError
        ? `${file.name} could not be sent: it is too large, or the server has stopped.` : error.message;
    } finally {
      clearInterval(clock);
      part("progress").hidden = true;
    }
  }

  function send(files) {
    for (const file of files) queue = queue.then(() => restore(file));
  }

  part("file").addEventListener("change", () => { send([...part("file").files]); part("file").value = ""; });
  addEventListener("dragover", (event) => { event.preventDefault(); part("drop").classList.add("over"); });
  addEventListener("dragleave", () => part("drop").classList.remove("over"));
  addEventListener("drop", (event) => {
    event.preventDefault();
    part("drop").classList.remove("over");
    send([...event.dataTransfer.files]);
  });
  addEventListener("paste", (event) => send([...event.clipboardData.files]));
})();
