// Colours where pictures will be, and words where they cannot be.
import { words } from "./words.js";

/** The average colour that a thumbhash begins with. */
function colour(hash) {
  const [a, b, c] = [...atob(hash.slice(0, 4))].map((character) => character.charCodeAt(0));
  const bits = a | (b << 8) | (c << 16);
  const l = (bits & 63) / 63, p = ((bits >> 6) & 63) / 31.5 - 1, q = ((bits >> 12) & 63) / 31.5 - 1;
  const blue = l - (2 / 3) * p, red = (3 * l - blue + q) / 2, green = red - q;
  const byte = (part) => Math.round(255 * Math.min(1, Math.max(0, part)));
  return `rgb(${byte(red)} ${byte(green)} ${byte(blue)})`;
}

function paint() {
  for (const tile of document.querySelectorAll(".tile[data-hash]:not([data-hash=''])")) {
    tile.style.setProperty("--under", colour(tile.dataset.hash));
    tile.removeAttribute("data-hash");
  }
}

function missing(event) {
  const tile = event.target instanceof HTMLImageElement && event.target.closest(".tile");
  if (!tile || tile.classList.contains("missing")) return;
  tile.classList.add("missing");
  tile.append(Object.assign(document.createElement("span"), { textContent: words.missing }));
}

export function startPainting() {
  paint();
  for (const change of ["list-changed", "list-replaced"]) document.addEventListener(change, paint);
  document.addEventListener("error", missing, true);
}
