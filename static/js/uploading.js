// Uploads: three at a time, each with its own row, progress, refusal and second try; new images appear at once.
import { refresh } from "./merging.js";
import { toast } from "./toasts.js";
import { row, settle, tray } from "./tray.js";
import { remember } from "./undoing.js";
import { counted, refusal, words } from "./words.js";

const TOGETHER = 3;
const waiting = [];
let running = 0, seqs = [], timer;

const kind = () => document.getElementById("sender")?.dataset.kind ?? "output";
const token = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Upload files into the list that is open. */
export function upload(files) {
  for (const file of files) {
    const job = { file, key: token(), kind: kind(), view: row(file) };
    job.view.cancelled = () => cancel(job);
    job.view.retried = () => enqueue(job);
    enqueue(job);
  }
}

function enqueue(job) {
  job.view.wait();
  waiting.push(job);
  next();
}

function next() {
  while (running < TOGETHER && waiting.length) {
    running += 1;
    send(waiting.shift()).finally(() => { running -= 1; next(); });
  }
  if (!running && !waiting.length) finish();
}

function cancel(job) {
  const at = waiting.indexOf(job);
  if (at >= 0) waiting.splice(at, 1);
  job.request?.abort();
  job.view.drop();
  settle();
}

function send(job) {
  return new Promise((resolve) => {
    const request = job.request = new XMLHttpRequest();
    request.open("POST", `/api/v1/images?filename=${encodeURIComponent(job.file.name)}`);
    request.setRequestHeader("Content-Type", job.file.type.startsWith("image/") ? job.file.type : "image/unknown");
    request.setRequestHeader("Idempotency-Key", job.key);
    if (job.kind !== "output") request.setRequestHeader("X-Meta", JSON.stringify({ kind: job.kind }));
    request.upload.onprogress = (event) => job.view.progress(event.loaded / (event.total || 1));
    request.upload.onload = () => job.view.reading();
    request.onload = () => { answered(job, request); resolve(); };
    request.onerror = () => { job.view.fail(words.offline); resolve(); };
    request.onabort = resolve;
    request.send(job.file);
  });
}

function answered(job, request) {
  let data = {};
  try { data = JSON.parse(request.responseText); } catch { /* a proxy may answer in its own words */ }
  if (request.status !== 201) return job.view.fail(refusal(data.code ?? "OTHER"));
  const record = data.items[0];
  seqs.push(record.rev);
  job.view.done(record);
  settle();
  clearTimeout(timer);
  timer = setTimeout(refresh, 40);
}

function finish() {
  settle();
  if (!seqs.length) return;
  const added = seqs;
  seqs = [];
  remember(added);
  toast(counted(words.done.added, added.length), added);
  if (tray.clean()) tray.close(1500);
}

export function startUploading() {
  const input = document.getElementById("files");
  input?.addEventListener("change", () => { upload(input.files); input.value = ""; });
}
