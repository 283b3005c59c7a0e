// The session is over: signing in stands in a dialog, and what was asked for is done once more, for the same person.
import { startPasskeys } from "../passkey.js";
import { renewToken, review, words } from "./fragments.js";

const TIMEOUT_MS = 30000;
const dialog = () => document.getElementById("pm-sign-in");
const slot = () => dialog().querySelector("[data-pm-step]");
const TOKENS = "input[name=csrfmiddlewaretoken]";
let again;
// Ends with the dialog: whatever is answered after that does nothing any more.
let asking;

const tell = (text) => (dialog().querySelector("[data-pm-problem]").textContent = text);

async function load(url, options, field) {
  const { signal } = asking;
  tell("");
  slot().ariaBusy = "true";
  try {
    const response = await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS), ...options });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const signedIn = page.getElementById("pm-review");
    const isSame = signedIn?.dataset.person === review().dataset.person;
    if (isSame) renew(page.querySelector(TOKENS).value);
    if (signal.aborted) return;
    slot().ariaBusy = "false";
    const step = page.querySelector("[data-pm-sign-in]");
    if (isSame) done();
    // Somebody else, or a page of its own: nothing is done in their name.
    else if (signedIn || (response.ok && !step)) window.location.assign(response.url);
    else if (step) show(step, response.url, field);
    else tell(words("textLoadFailed"));
  } catch {
    if (signal.aborted) return;
    slot().ariaBusy = "false";
    tell(words("textLoadFailed"));
  }
}

// The step with its errors, as on its page. The focus stays at the field that was filled in, if it is asked for again.
function show(step, url, field) {
  for (const form of step.querySelectorAll("form")) form.action = form.getAttribute("action") || url;
  slot().replaceChildren(step);
  startPasskeys(step, asking.signal);
  const first = step.querySelector("[data-pm-passkey]:enabled, input:not([type=hidden])");
  (step.querySelector(`input[name="${field}"]:not([type=hidden])`) ?? first).focus();
}

function renew(token) {
  renewToken(token);
  for (const input of document.querySelectorAll(TOKENS)) input.value = token;
}

function done() {
  dialog().close();
  again?.();
}

// The staff host signs in on a page of its own, and has no dialog.
export function askToSignIn(act) {
  if (!dialog() || dialog().open) return;
  again = act;
  asking = new AbortController();
  dialog().showModal();
  load(words("signInUrl") + encodeURIComponent(window.location.pathname + window.location.search));
}

export function startSigningIn() {
  dialog()?.addEventListener("submit", (event) => {
    event.preventDefault();
    if (slot().ariaBusy === "true") return;
    const field = event.target.querySelector("input:not([type=hidden])")?.name;
    load(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)) }, field);
  });
  dialog()?.addEventListener("close", () => {
    asking.abort();
    slot().replaceChildren();
  });
  dialog()?.querySelector("[data-pm-cancel]").addEventListener("click", () => dialog().close());
}
