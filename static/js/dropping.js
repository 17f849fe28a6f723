// Files dropped anywhere on a page, folders included, and pictures pasted into it.
import { upload } from "./uploading.js";

const brings = (event) => event.dataTransfer?.types.includes("Files");

async function within(entry) {
  if (entry.isFile) return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  const reader = entry.createReader(), found = [];
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return found;
    for (const one of some) found.push(...(await within(one)));
  }
}

async function filesOf(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.some((entry) => entry.isDirectory)) return [...transfer.files];
  const files = [];
  for (const entry of entries) files.push(...(await within(entry)));
  return files.filter((file) => file.type.startsWith("image/"));
}

export function startDropping() {
  const target = document.getElementById("dropping");
  if (!target) return;
  let depth = 0;
  const show = (on) => { target.hidden = !on; };
  addEventListener("dragenter", (event) => { if (brings(event)) { depth += 1; show(true); } });
  addEventListener("dragleave", (event) => { if (brings(event)) { depth -= 1; if (depth <= 0) show(false); } });
  addEventListener("dragover", (event) => { if (brings(event)) event.preventDefault(); });
  addEventListener("drop", async (event) => {
    if (!brings(event)) return;
    event.preventDefault();
    depth = 0;
    show(false);
    upload(await filesOf(event.dataTransfer));
  });
  addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])].filter((file) => file.type.startsWith("image/"));
    if (files.length) { event.preventDefault(); upload(files); }
  });
}
