// Fetching fragments and putting their parts in place.
const TIMEOUT_MS = 30000;

export const review = () => document.getElementById("pm-review");
export const words = (name) => review().dataset[name] ?? "";

export class SignedOut extends Error {}

async function request(url, options) {
  const response = await fetch(url, {
    credentials: "same-origin",
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
    ...options,
    headers: { "HX-Request": "true", ...options?.headers },
  });
  if (response.type === "opaqueredirect" || response.status === 401) throw new SignedOut();
  return response;
}

export const get = (url) => request(url);

// Signing in makes a new token; the forms on the page still hold the one of before.
let token = "";
export const renewToken = (value) => (token = value);

export function post(url, body) {
  if (token) body.set("csrfmiddlewaretoken", token);
  return request(url, { method: "POST", body, keepalive: true });
}

export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

// Replaces every element of the page that has the id of a top-level part; `skip` names ids to leave alone.
export function place(content, skip = []) {
  for (const part of [...content.children]) {
    if (!part.id || skip.includes(part.id)) continue;
    const old = document.getElementById(part.id);
    if (!old) continue;
    old.replaceWith(part);
    window.htmx.process(part);
    part.dispatchEvent(new CustomEvent("pm:placed", { bubbles: true }));
  }
}

export function announce(text) {
  document.getElementById("pm-live").textContent = text;
}
