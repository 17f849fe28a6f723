// Images that others add meanwhile: quietly at the top, or behind a pill when the reader is further down.
import { call, page } from "./calls.js";
import { beginning, reconcile } from "./merging.js";
import { counted, words } from "./words.js";

const PAUSE = 4000;
let seen = null, pill = null;

const list = () => document.getElementById("list") ?? document.querySelector(".welcome, .nothing");

async function look() {
  if (document.hidden || !list() || pill || document.querySelector(".pick :checked")) return;
  const { as_of: now } = await call("GET", "/api/v1/images?size=1&total=false");
  const changed = seen !== null && now !== seen;
  seen = now;
  if (changed) arrive(await page(beginning()));
}

function arrive(other) {
  const fresh = [...other.querySelectorAll(".tile")].filter((tile) => !document.querySelector(`.tile[data-id="${tile.dataset.id}"]`));
  if (scrollY < 300 || !fresh.length) return reconcile(other);
  pill = Object.assign(document.createElement("button"), { className: "pill", textContent: counted(words.arrived, fresh.length) });
  pill.addEventListener("click", () => { pill.remove(); pill = null; reconcile(other); scrollTo({ top: 0, behavior: "smooth" }); });
  document.body.append(pill);
}

export function startLiving() {
  if (!list()) return;
  const quietly = () => look().catch(() => {});
  setInterval(quietly, PAUSE);
  document.addEventListener("visibilitychange", quietly);
  quietly();
}
