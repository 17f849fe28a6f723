// Keeps the list on the screen in step with the server's own rendering of it: one template, two ways to arrive.
import { page } from "./calls.js";

const tiles = (root) => [...root.querySelectorAll(".tile")];
const hidden = new Map();
let newest = Promise.resolve();

/** The address of the list shown, from its beginning. */
export function beginning() {
  const address = new URL(location.href);
  address.searchParams.delete("cursor");
  return address;
}

/** Put a following page behind what is there. */
export function append(other) {
  const more = document.getElementById("more");
  for (const day of other.querySelectorAll("#list .day")) {
    const last = [...document.querySelectorAll("#list .day")].at(-1);
    if (last && last.dataset.day === day.dataset.day) last.querySelector(".grid").append(...fresh(day));
    else more.before(document.adoptNode(day));
  }
  more.replaceChildren(...(other.getElementById("more")?.childNodes ?? []));
}

const fresh = (day) => tiles(day).filter((tile) => !known(tile.dataset.id)).map((tile) => document.adoptNode(tile));
const known = (id) => document.querySelector(`.tile[data-id="${CSS.escape(id)}"]`);

/** Fetch the beginning of the list again and take over what changed, one refresh after another. */
export function refresh() {
  newest = newest.catch(() => {}).then(async () => reconcile(await page(beginning())));
  return newest;
}

/** Make the beginning of the list what another rendering of it says. */
export function reconcile(other) {
  count(other);
  const theirs = other.getElementById("list"), ours = document.getElementById("list");
  if (!theirs || !ours || ours.dataset.first !== "yes") {
    const main = document.getElementById("main");
    main.replaceChildren(...other.getElementById("main").childNodes);
    document.dispatchEvent(new Event("list-replaced"));
    return;
  }
  ours.dataset.select = theirs.dataset.select;
  ours.querySelector(".widen").textContent = theirs.querySelector(".widen").textContent;
  drop(ours, theirs, !other.querySelector("#more a"));
  insert(ours, theirs);
  for (const tile of tiles(theirs)) known(tile.dataset.id)?.toggleAttribute("data-favorite", "favorite" in tile.dataset);
  document.dispatchEvent(new Event("list-changed"));
}

function drop(ours, theirs, whole) {
  const ids = new Set(tiles(theirs).map((tile) => tile.dataset.id)), last = tiles(theirs).at(-1)?.dataset.id;
  const window = tiles(ours);
  const end = window.findIndex((tile) => tile.dataset.id === last);
  for (const tile of whole ? window : window.slice(0, end + 1)) if (!ids.has(tile.dataset.id)) tile.remove();
  sweep();
}

function insert(ours, theirs) {
  let before = null;
  for (const tile of tiles(theirs)) {
    const there = known(tile.dataset.id);
    if (there) { before = there; continue; }
    const day = dayOf(ours, tile.closest(".day"), before);
    const made = document.adoptNode(tile);
    made.classList.add("arrived");
    if (before && before.closest(".day") === day) before.after(made);
    else day.querySelector(".grid").prepend(made);
    before = made;
  }
}

/** Our section for the day of theirs, made behind the section of the tile before it. */
function dayOf(ours, theirs, before) {
  const there = [...ours.querySelectorAll(".day")].find((day) => day.dataset.day === theirs.dataset.day);
  if (there) return there;
  const made = document.importNode(theirs, true);
  made.querySelector(".grid").replaceChildren();
  const behind = before?.closest(".day");
  if (behind) behind.after(made);
  else (ours.querySelector(".day") ?? document.getElementById("more")).before(made);
  return made;
}

function count(other) {
  for (const selector of ["#count", ".rail"]) {
    const theirs = other.querySelector(selector), ours = document.querySelector(selector);
    if (theirs && ours) ours.replaceWith(document.importNode(theirs, true));
  }
}

/** Take tiles off the screen for the change `seq`, so that its undo can put them back where they were. */
export function hide(ids, seq) {
  const gone = ids.map(known).filter(Boolean);
  for (const tile of gone) {
    const mark = document.createComment(tile.dataset.id);
    tile.querySelector("input").checked = false;
    tile.replaceWith(mark);
    tile.mark = mark;
  }
  hidden.set(seq, gone);
  sweep();
}

/** Put back what the change `seq` took off the screen. */
export function unhide(seq) {
  for (const tile of hidden.get(seq) ?? []) {
    tile.mark.replaceWith(tile);
    const day = tile.closest(".day");
    if (day) day.hidden = false;
  }
  hidden.delete(seq);
}

/** Days without a picture are not shown. */
function sweep() {
  for (const day of document.querySelectorAll("#list .day")) day.hidden = !day.querySelector(".tile");
}
