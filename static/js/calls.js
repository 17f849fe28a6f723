// Calls to the server: JSON in and out, refusals thrown with their code; pages as documents.
export class Refused extends Error {
  constructor(code, problem) {
    super(code);
    this.code = code;
    this.problem = problem;
  }
}

/** The JSON answer of a call. Throws Refused; its code is empty when there was no answer at all. */
export async function call(method, path, body) {
  const options = { method, headers: { Accept: "application/json" } };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new Refused("");
  }
  const data = await response.json().catch(() => ({}));
  if (!response.ok) throw new Refused(data.code ?? "OTHER", data);
  return data;
}

/** A page of ours as a document, to take parts from. */
export async function page(address) {
  const response = await fetch(address, { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Refused("OTHER");
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
