// The bar that says what happened last, and counts down to the posting.
import { parse, place, words } from "./fragments.js";
import { askToSignIn } from "./signing_in.js";

const bar = () => document.getElementById("pm-undo");
let deadline = 0;

function plainBar(text, tone) {
  const template = document.getElementById("pm-undo-plain");
  const content = parse(template.innerHTML);
  const line = content.querySelector(".pm-undo");
  line.querySelector(".pm-undo-text").textContent = text;
  if (tone) line.dataset.tone = tone;
  return content;
}

export function notice(text, tone) {
  if (text) place(plainBar(text, tone));
  else bar().replaceChildren();
}

export function saving() {
  const content = plainBar(words("textSaving"), "");
  content.querySelector(".pm-undo").dataset.pmSaving = "";
  place(content);
}

// Says so, and asks for the sign-in; `again` is what is done once more behind it.
export function signedOut(again) {
  const content = plainBar(words("textSignedOut"), "bad");
  const link = document.createElement("a");
  link.href = words("signInUrl") + encodeURIComponent(window.location.pathname + window.location.search);
  link.className = "btn btn-sm btn-primary";
  link.textContent = words("textSignIn");
  content.querySelector(".pm-undo").append(link);
  place(content);
  askToSignIn(again);
}

function tick() {
  const time = bar().querySelector("[data-pm-seconds]");
  if (!time) return;
  const left = Math.max(0, Math.ceil((deadline - performance.now()) / 1000));
  if (left > 0) {
    time.textContent = time.dataset.text.replace("{seconds}", String(left));
    return;
  }
  time.textContent = time.dataset.textOver;
  time.removeAttribute("data-pm-seconds");
  bar().querySelector("[data-pm-undo]")?.remove();
}

function arm() {
  const time = bar().querySelector("[data-pm-seconds]");
  if (time) deadline = performance.now() + Number(time.dataset.pmSeconds) * 1000;
  tick();
}

export function startUndoBar() {
  arm();
  document.addEventListener("pm:placed", (event) => event.target.id === "pm-undo" && arm());
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-pm-close-undo]")) bar().replaceChildren();
  });
  setInterval(tick, 1000);
}
