// The keyboard: one tab stop for the whole grid, arrows within it, single letters for what is done often.
import { act } from "./acting.js";
import { anything, clear, pick, pickAll, selection } from "./selecting.js";
import { undo } from "./undoing.js";

const tiles = () => [...document.querySelectorAll("#list .tile")];
const focused = () => document.activeElement?.closest?.(".tile");
const shelf = () => document.getElementById("list")?.dataset.shelf;
const typing = (target) => target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]");

/** The tile in the next row that stands nearest below or above. */
function beside(tile, down) {
  const here = tile.getBoundingClientRect(), middle = here.left + here.width / 2;
  const rows = tiles().map((one) => [one, one.getBoundingClientRect()]);
  const far = rows.filter(([, box]) => (down ? box.top > here.top + 4 : box.top < here.top - 4));
  if (!far.length) return null;
  const top = down ? Math.min(...far.map(([, box]) => box.top)) : Math.max(...far.map(([, box]) => box.top));
  const row = far.filter(([, box]) => Math.abs(box.top - top) < 4);
  const off = ([, box]) => Math.abs(box.left + box.width / 2 - middle);
  return row.reduce((best, one) => (off(one) < off(best) ? one : best))[0];
}

function go(tile, extend) {
  const link = tile?.querySelector("a");
  if (!link) return;
  rove(link);
  link.focus({ preventScroll: true });
  tile.scrollIntoView({ block: "nearest" });
  if (extend) pick(tile.querySelector("input"), true);
}

/** Only one image of the grid is a stop of the Tab key. */
function rove(stop) {
  const links = [...document.querySelectorAll("#list .tile a")];
  const kept = stop ?? links.find((link) => link.tabIndex === 0 && link.dataset.stop) ?? links[0];
  for (const link of links) {
    link.tabIndex = link === kept ? 0 : -1;
    link.nextElementSibling.firstElementChild.tabIndex = -1;
  }
  if (kept) kept.dataset.stop = "yes";
}

function move(event) {
  const all = tiles(), here = focused();
  if (!all.length) return false;
  if (!here) { go(all[0]); return true; }
  const at = all.indexOf(here);
  const to = {
    ArrowLeft: () => all[at - 1], ArrowRight: () => all[at + 1], ArrowUp: () => beside(here, false),
    ArrowDown: () => beside(here, true), Home: () => all[0], End: () => all.at(-1),
  }[event.key];
  go(to(), event.shiftKey);
  return true;
}

/** Do something to the selection, or to the image with the focus; focus then stands on the next one. */
async function perform(what) {
  const here = focused();
  if (!anything() && !here) return;
  const all = tiles(), at = all.indexOf(here);
  const favored = here && "favorite" in here.dataset;
  const wish = what === "favorite" && !anything() && favored ? "unfavorite" : what;
  const chosen = anything() ? selection() : { ids: [here.dataset.id] };
  await act(wish, chosen);
  clear();
  if (here && !here.isConnected) go(tiles()[Math.min(at, tiles().length - 1)]);
}

const LETTERS = {
  x: () => { const box = focused()?.querySelector("input"); if (box) pick(box, !box.checked); },
  f: () => perform("favorite"),
  Delete: () => shelf() !== "trash" && perform("trash"),
  Backspace: () => shelf() !== "trash" && anything() && perform("trash"),
  r: () => shelf() === "trash" && perform("restore"),
};

function everywhere(event) {
  if (event.key === "/") return document.getElementById("search")?.focus() ?? true;
  if (event.key === "?") return document.getElementById("help").showModal() ?? true;
  if (event.key === "z" || event.key === "u") return undo() && true;
  if (event.key === "Escape") return clear();
  return false;
}

function pressed(event) {
  if (event.isComposing || event.defaultPrevented || event.altKey || document.querySelector("dialog[open]")) return;
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  const modified = event.ctrlKey || event.metaKey, key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  let done = false;
  if (modified) {
    if (key === "z" && !event.shiftKey) done = undo() && true;
    if (key === "a" && document.getElementById("list")) { pickAll(); done = true; }
  } else if (everywhere(event)) done = true;
  else if (document.getElementById("list")) {
    if (key.startsWith("Arrow") || key === "Home" || key === "End") done = move(event);
    else if (LETTERS[key]) { LETTERS[key](); done = true; }
  }
  if (done) event.preventDefault();
}

export function startKeyboard() {
  document.addEventListener("keydown", pressed);
  for (const change of ["list-changed", "list-replaced"]) document.addEventListener(change, () => rove());
  document.addEventListener("focusin", (event) => { if (event.target.matches?.(".tile a")) rove(event.target); });
  rove();
}
