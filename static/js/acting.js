// What is done to images of a list: one call, one line of history, one toast that can take it back.
import { call } from "./calls.js";
import { hide, refresh } from "./merging.js";
import { toast } from "./toasts.js";
import { remember } from "./undoing.js";
import { counted, refusal, words } from "./words.js";

const CALLS = { trash: "delete", restore: "restore", favorite: "favorite", unfavorite: "unfavorite", tag: "tag" };
const TOLD = { trash: "trashed", restore: "restored", favorite: "favored", unfavorite: "unfavored", tag: "tagged" };

const list = () => document.getElementById("list");

/** Whether an image leaves the list it stands in when this is done to it. */
function leaves(what) {
  const shelf = list().dataset.shelf;
  return what === "trash" || (what === "restore" && shelf === "trash") || (what === "unfavorite" && shelf === "favorites");
}

/** Do something to images by id, or with `except` to everything the list holds but those. */
export async function act(what, { ids, except, tag } = {}) {
  const body = { action: CALLS[what] };
  if (tag !== undefined) body.tags = tag.split(",").map((one) => one.trim()).filter(Boolean);
  if (ids) body.ids = ids;
  else body.select = { ...JSON.parse(list().dataset.select), except };
  try {
    const answer = await call("POST", "/api/v1/images/bulk", body);
    settle(what, ids, answer);
  } catch (refused) {
    toast(refusal(refused.code));
  }
}

function settle(what, ids, answer) {
  if (answer.seq === null) return toast(words.nothing);
  remember([answer.seq]);
  if (ids && leaves(what)) hide(ids, answer.seq);
  toast(counted(words.done[TOLD[what]], answer.changed), [answer.seq]);
  return refresh();
}
