"use strict";
// The files of a drop, those within folders included, as far as they have the type or suffix of a photo.
async function droppedFiles(transfer, suffixes, failed) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry?.()); // gone after the first pause
  const files = [...transfer.files].filter((_, number) => !entries[number]?.isDirectory);
  for (const folder of entries.filter((one) => one?.isDirectory)) {
    const photos = await photosIn(folder, suffixes);
    if (!photos.length) failed(`${folder.name} is a folder without photos.`);
    files.push(...photos);
  }
  return files;
}

async function photosIn(folder, suffixes) {
  const reader = folder.createReader(), found = [];
  for (;;) {
    const some = await new Promise((resolve) => { reader.readEntries(resolve, () => resolve([])); }); // a hundred at once
    if (!some.length) return found;
    for (const entry of some.filter((one) => !one.name.startsWith("."))) {
      if (entry.isDirectory) found.push(...await photosIn(entry, suffixes));
      else {
        const file = await new Promise((resolve) => { entry.file(resolve, () => resolve(null)); });
        const ending = file?.name.toLowerCase().match(/\.\w+$/)?.[0];
        if (file && (file.type.startsWith("image/") || suffixes.includes(ending))) found.push(file);
      }
    }
  }
}
