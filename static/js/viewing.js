// The page of one image: sharp when its preview is there, whole at a click, neighbours at the arrows.
const press = (selector) => document.querySelector(selector)?.click();

const KEYS = {
  ArrowLeft: () => press("#newer"),
  ArrowRight: () => press("#older"),
  f: () => press("[data-do=favorite], [data-do=unfavorite]"),
  r: () => press("[data-do=restore]"),
  Delete: () => press("[data-do=trash]"),
};

/** The original in its own size; again, and the picture fits the window as before. */
function toggle(picture) {
  const whole = document.documentElement.classList.toggle("whole"), image = picture.querySelector(".over");
  if (whole && image.src !== picture.href) swap(image, picture.href);
  if (whole) scrollTo({ left: (document.documentElement.scrollWidth - innerWidth) / 2 });
}

/** The original in the preview's place, once it is there. */
async function swap(preview, address) {
  const original = new Image();
  Object.assign(original, { src: address, alt: preview.alt, className: preview.className });
  original.setAttribute("width", preview.getAttribute("width"));
  original.setAttribute("height", preview.getAttribute("height"));
  await original.decode().catch(() => {});
  preview.replaceWith(original);
}

/** Back to where one came from, scrolled as it was; by its address when one came from elsewhere. */
function back(event) {
  const link = document.getElementById("back");
  const before = document.referrer && new URL(document.referrer);
  if (!before || before.origin !== location.origin || before.pathname !== new URL(link.href).pathname) return;
  event.preventDefault();
  history.back();
}

export function startViewing() {
  const picture = document.getElementById("picture");
  document.getElementById("back")?.addEventListener("click", back);
  if (document.body.classList.contains("single")) document.addEventListener("keydown", pressed);
  if (!picture) return;
  const sharp = picture.querySelector(".over"), clear = () => picture.classList.add("clear");
  if (sharp.complete) clear();
  else sharp.addEventListener("load", clear, { once: true });
  picture.addEventListener("click", (event) => {
    if (event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    toggle(picture);
  });
}

function pressed(event) {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.target.matches("input, textarea, select") || document.querySelector("dialog[open]")) return;
  if (event.key === "Escape") {
    if (document.documentElement.classList.contains("whole")) toggle(document.getElementById("picture"));
    else press("#back");
  }
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (!KEYS[key]) return;
  event.preventDefault();
  KEYS[key]();
}
