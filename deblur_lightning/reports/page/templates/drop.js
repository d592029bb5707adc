"use strict";
// The files of a drop, those within folders included, as far as they look like photos.
async function droppedFiles(transfer, failed) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.()); // gone after the first pause
  const files = [...transfer.files].filter((_, number) => !entries[number]?.isDirectory);
  for (const folder of entries.filter((one) => one?.isDirectory)) {
    const photos = await photosIn(folder);
    if (!photos.length) failed(`${folder.name} is a folder without photos.`);
    files.push(...photos);
  }
  return files;
}

async function photosIn(folder) {
  const reader = folder.createReader(), found = [];
  for (;;) {
    const some = await new Promise((resolve) => { reader.readEntries(resolve, () => resolve([])); }); // a hundred at once
    if (!some.length) return found;
    for (const entry of some.filter((one) => !one.name.startsWith("."))) {
      if (entry.isDirectory) found.push(...await photosIn(entry));
      else {
        const file = await new Promise((resolve) => { entry.file(resolve, () => resolve(null)); });
        if (file && (file.type.startsWith("image/") || /\.(hei[cf]|hif|avif|mpo|jp2|j2k|tiff?|tga|p[pgn]m)$/i.test(file.name))) found.push(file);
      }
    }
  }
}
