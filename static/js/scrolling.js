// The next page arrives before the last one ends.
import { page } from "./calls.js";
import { append } from "./merging.js";

let loading = false;

async function load() {
  const link = document.querySelector("#list #more a");
  if (!link || loading) return;
  loading = true;
  try {
    append(await page(link.href));
    document.dispatchEvent(new Event("list-changed"));
  } catch {
    return; // the link stays and can be pressed
  } finally {
    loading = false;
  }
  if (near()) load();
}

const near = () => {
  const more = document.getElementById("more");
  return more && more.getBoundingClientRect().top < innerHeight * 2.5;
};

export function startScrolling() {
  const look = () => { if (near()) load(); };
  addEventListener("scroll", look, { passive: true });
  addEventListener("resize", look, { passive: true });
  document.addEventListener("list-replaced", look);
  look();
}
