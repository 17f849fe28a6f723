// Selecting: circles, ranges with Shift, everything shown, everything there is; and the bar that acts on it.
import { act } from "./acting.js";
import { figure } from "./words.js";

let everything = false;
let last = null;

const list = () => document.getElementById("list");
const boxes = () => [...(list()?.querySelectorAll(".pick input") ?? [])];
const chosen = () => boxes().filter((box) => box.checked).map((box) => box.value);

/** How many images the list holds in all. */
const total = () => Number(document.getElementById("count")?.dataset.total ?? 0);

/** Select or unselect one image, with `range` all between it and the last. */
export function pick(box, on, range = false) {
  const all = boxes(), from = all.indexOf(last), to = all.indexOf(box);
  if (range && from >= 0) for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) one.checked = on;
  box.checked = on;
  last = box;
  tell();
}

/** Select everything that is shown. */
export function pickAll() {
  for (const box of boxes()) box.checked = true;
  tell();
}

/** Forget the selection; whether there was one. */
export function clear() {
  const any = chosen().length > 0;
  for (const box of boxes()) box.checked = false;
  everything = false;
  tell();
  return any;
}

/** What the bar acts on. */
export function selection() {
  if (!everything) return { ids: chosen() };
  return { except: boxes().filter((box) => !box.checked).map((box) => box.value) };
}

export const anything = () => chosen().length > 0;

function tell() {
  const form = list();
  if (!form) return;
  const n = chosen().length, loaded = boxes().length;
  const tally = form.querySelector(".tally"), widen = form.querySelector(".widen");
  const shown = everything ? total() - (loaded - n) : n;
  tally.classList.add("told");
  tally.dataset.n = figure(shown);
  widen.hidden = everything || n < loaded || total() <= loaded;
}

async function submitted(event) {
  if (event.target !== list()) return;
  event.preventDefault();
  const what = event.submitter?.value ?? "tag", tag = event.target.elements.tag?.value ?? "";
  if (what === "tag" && !tag.trim()) return event.target.elements.tag.focus();
  await act(what, { ...selection(), tag: what === "tag" ? tag : undefined });
  clear();
}

/** Touch: a long press begins a selection, then a tap continues it. */
function pressing() {
  let timer;
  const stop = () => clearTimeout(timer);
  document.addEventListener("pointerdown", (event) => {
    const tile = event.pointerType === "touch" && event.target.closest?.(".tile");
    if (!tile) return;
    timer = setTimeout(() => { pick(tile.querySelector("input"), true); navigator.vibrate?.(12); }, 450);
  });
  for (const end of ["pointerup", "pointercancel", "pointermove", "scroll"]) document.addEventListener(end, stop, { passive: true });
  document.addEventListener("contextmenu", (event) => {
    if (event.target.closest?.(".tile") && matchMedia("(hover: none)").matches) event.preventDefault();
  });
}

export function startSelecting() {
  document.addEventListener("click", (event) => {
    const box = event.target.closest?.(".pick input");
    if (box) pick(box, box.checked, event.shiftKey);
    const link = event.target.closest?.(".tile a");
    if (link && anything() && !event.metaKey && !event.ctrlKey) {
      event.preventDefault();
      const own = link.parentElement.querySelector("input");
      pick(own, !own.checked, event.shiftKey);
    }
    if (event.target.closest?.(".widen")) { everything = true; tell(); }
  });
  document.addEventListener("submit", submitted);
  document.addEventListener("reset", () => setTimeout(clear));
  document.addEventListener("list-changed", tell);
  pressing();
}
