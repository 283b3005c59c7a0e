// The session is over: signing in stands in a dialog, and what was asked for is done once more, for the same person.
import { renewToken, review, words } from "./fragments.js";

const TIMEOUT_MS = 30000;
const dialog = () => document.getElementById("pm-sign-in");
const TOKENS = "input[name=csrfmiddlewaretoken]";
let again;

const tell = (text) => (dialog().querySelector("[data-pm-problem]").textContent = text);

async function load(url, options) {
  try {
    const response = await fetch(url, { credentials: "same-origin", signal: AbortSignal.timeout(TIMEOUT_MS), ...options });
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    goOn(response, page);
  } catch {
    tell(words("textLoadFailed"));
  }
}

// The page after the last step is the one that is shown here; another step is shown in the dialog, with its errors.
function goOn({ url, ok }, page) {
  const signedIn = page.getElementById("pm-review");
  if (signedIn?.dataset.person === review().dataset.person) return done(page.querySelector(TOKENS).value);
  const form = page.querySelector("main form:has([type=password]), main form:has([name=code])");
  // Somebody else, or a step that needs a page of its own: nothing is done in their name.
  if (signedIn || (ok && !form)) return window.location.assign(url);
  if (!form) return tell(words("textLoadFailed"));
  form.action = form.getAttribute("action") || url;
  tell(page.querySelector("main [role=alert] span")?.textContent.trim() ?? "");
  for (const alert of form.querySelectorAll("[role=alert]")) alert.remove();
  dialog().querySelector("[data-pm-step]").replaceChildren(form);
  form.querySelector("input:not([type=hidden])").focus();
}

function done(token) {
  renewToken(token);
  for (const input of document.querySelectorAll(TOKENS)) input.value = token;
  dialog().close();
  again?.();
}

// The staff host signs in on a page of its own, and has no dialog.
export function askToSignIn(act) {
  if (!dialog() || dialog().open) return;
  again = act;
  tell("");
  dialog().showModal();
  load(words("signInUrl") + encodeURIComponent(window.location.pathname + window.location.search));
}

export function startSigningIn() {
  dialog()?.addEventListener("submit", (event) => {
    event.preventDefault();
    load(event.target.action, { method: "POST", body: new URLSearchParams(new FormData(event.target)) });
  });
  dialog()?.querySelector("[data-pm-cancel]").addEventListener("click", () => dialog().close());
}
