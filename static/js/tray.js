// The tray of uploads: what is under way, what arrived, what was refused and why.
import { figure, words } from "./words.js";

const element = document.getElementById("tray");
let rows = [], closing;

const icon = (name) => {
  const made = document.querySelector("#tray-row").content.querySelector(".icon").cloneNode(true);
  made.firstElementChild.setAttribute("href", `#i-${name}`);
  return made;
};

/** A row for one file. */
export function row(file) {
  clearTimeout(closing);
  element.hidden = false;
  const li = document.getElementById("tray-row").content.firstElementChild.cloneNode(true);
  element.querySelector("ul").append(li);
  const view = new Row(li, file);
  rows.push(view);
  settle();
  return view;
}

class Row {
  constructor(li, file) {
    this.li = li;
    this.state = "waiting";
    this.part = 0;
    li.querySelector("p").textContent = file.name;
    this.button = li.querySelector("button");
    this.button.addEventListener("click", () => (this.state === "bad" ? this.retried() : this.cancelled()));
  }

  say(state, text, sign, label) {
    this.state = state;
    this.li.className = state;
    this.li.querySelector("small").textContent = text;
    this.button.replaceChildren(icon(sign));
    this.button.setAttribute("aria-label", label);
    this.li.querySelector("progress").hidden = state !== "sending";
    settle();
  }

  wait() { this.say("waiting", words.waiting, "x", words.cancel); }

  progress(part) {
    if (this.state !== "sending") this.say("sending", "", "x", words.cancel);
    this.part = part;
    this.li.querySelector("progress").value = part;
    this.li.querySelector("small").textContent = `${Math.round(part * 100)} %`;
    settle();
  }

  reading() { this.say("sending", words.reading, "x", words.cancel); }

  done(record) {
    this.say("good", record.duplicate_of ? words.known : words.saved, "check", words.saved);
    const link = Object.assign(document.createElement("a"), { href: `/image/${record.id}`, textContent: words.show });
    this.li.querySelector("small").append(" ", link);
    const picture = new Image(42, 42);
    picture.src = record.thumb_url ?? record.preview_url;
    picture.alt = "";
    this.li.querySelector(".small-picture").replaceChildren(picture);
  }

  fail(why) { this.say("bad", why, "undo", words.retry); }

  drop() {
    this.li.remove();
    rows = rows.filter((other) => other !== this);
    if (!rows.length) element.hidden = true;
  }
}

/** Say how far everything is. */
export function settle() {
  const good = rows.filter((one) => one.state === "good").length;
  element.querySelector("h2").textContent = words.uploaded.replace("{done}", figure(good)).replace("{all}", figure(rows.length));
  const parts = rows.map((one) => (one.state === "good" || one.state === "bad" ? 1 : one.part * 0.9));
  element.querySelector("progress").value = rows.length ? parts.reduce((sum, part) => sum + part, 0) / rows.length : 0;
}

function close() {
  element.hidden = true;
  rows = [];
  element.querySelector("ul").replaceChildren();
}

export const tray = {
  clean: () => rows.every((one) => one.state === "good"),
  close: (after) => { clearTimeout(closing); closing = setTimeout(close, after); },
};

element?.querySelector(".close").addEventListener("click", close);
element?.querySelector(".fold").addEventListener("click", (event) => {
  const folded = element.classList.toggle("folded");
  event.currentTarget.setAttribute("aria-expanded", String(!folded));
});
