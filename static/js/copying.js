// Copying text, also where the page came over plain http and the clipboard's own interface is not there.
import { toast } from "./toasts.js";
import { words } from "./words.js";

async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = document.createElement("textarea");
  field.value = text;
  field.className = "vh";
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
}

export function startCopying() {
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await copy(document.querySelector(button.dataset.copy).textContent);
    toast(words.copied);
  });
}
