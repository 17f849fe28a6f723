// Toasts: one sentence, an undo where there is one, gone after ten seconds that stand still under pointer and focus.
import { undo, remember } from "./undoing.js";

const SECONDS = 10;
let present = null;

/** Show a sentence; with `seqs` it carries an undo button. */
export function toast(text, seqs = []) {
  const made = document.getElementById("toast-form").content.firstElementChild.cloneNode(true);
  made.querySelector("p").textContent = text;
  if (!seqs.length) made.querySelector("form").remove();
  show(made, seqs);
}

function show(element, seqs) {
  present?.remove();
  present = element;
  element.classList.add("entering");
  document.getElementById("floats").append(element);
  stay(element);
  element.querySelector("form")?.addEventListener("submit", (event) => {
    event.preventDefault();
    element.remove();
    undo(seqs);
  });
}

function stay(element) {
  let left = SECONDS * 1000, since = performance.now(), timer;
  const run = () => { since = performance.now(); timer = setTimeout(() => element.remove(), left); };
  const pause = () => { clearTimeout(timer); left -= performance.now() - since; };
  for (const begin of ["pointerenter", "focusin"]) element.addEventListener(begin, () => { pause(); });
  for (const end of ["pointerleave", "focusout"]) element.addEventListener(end, () => { clearTimeout(timer); run(); });
  run();
}

/** Bring the notice that the server wrote to life, and take its words out of the address. */
export function startToasts() {
  const written = document.querySelector("[data-notice]");
  if (!written) return;
  const seqs = [...written.querySelectorAll("[name=seq]")].map((input) => Number(input.value));
  remember(seqs);
  const clock = document.getElementById("toast-form")?.content.querySelector(".clock");
  if (clock) written.append(clock.cloneNode(true));
  show(written, seqs);
  const address = new URL(location.href);
  for (const name of ["done", "n", "seq", "bad", "why"]) address.searchParams.delete(name);
  history.replaceState(history.state, "", address);
}
