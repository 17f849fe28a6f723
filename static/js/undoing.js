// Undo: the changes this tab made, the last first; taking one back is itself a change that history keeps.
import { call } from "./calls.js";
import { refresh, unhide } from "./merging.js";
import { toast } from "./toasts.js";
import { counted, refusal, words } from "./words.js";

const PLACE = "changes";
const read = () => JSON.parse(sessionStorage.getItem(PLACE) ?? "[]");
const write = (changes) => sessionStorage.setItem(PLACE, JSON.stringify(changes.slice(-100)));

/** Note the entries of one change, to be undone together. */
export function remember(seqs) {
  if (seqs.length) write([...read(), seqs]);
}

/** Undo these entries; without any, the last change of this tab. */
export async function undo(seqs = read().at(-1)) {
  if (!seqs) return toast(words.nothing_to_undo);
  write(read().filter((change) => String(change) !== String(seqs)));
  let changed = 0, stayed = 0;
  try {
    for (const seq of seqs) {
      const answer = await call("POST", `/api/v1/history/${seq}/undo`);
      changed += answer.changed;
      stayed += answer.failed.length;
      unhide(seq);
    }
  } catch (refused) {
    return toast(refusal(refused.code));
  }
  const said = counted(words.done.undone, changed);
  toast(stayed ? `${said}. ${words.some_stayed}` : said);
  if (document.getElementById("picture") || document.querySelector(".log")) location.reload();
  else refresh();
}
