// A decision: the next payment is shown at once, and nothing is called done before the server has said so.
import { SignedOut, announce, parse, place, post, words } from "./fragments.js";
import { cancelPending, focusHeading, forget, noteOpened, openMs, panel, putBack, show, showLost, skeleton } from "./panels.js";
import { comeBack, current, leave, remove, restore, rowOf, setCurrent, setWho, successor } from "./queue.js";
import { notice, saving, signedOut } from "./undo.js";

let latest = 0;
let open = 0;

export const busy = () => open > 0;

const outcome = (content) => content.querySelector("[data-pm-outcome]")?.dataset ?? {};
const listed = (text) => (text ?? "").split(" ").filter(Boolean);

// Whoever may not do this is told so in the server's words: trying again would not help.
function refusal({ status, headers }, text) {
  return status === 403 && headers.get("Content-Type")?.startsWith("text/plain") ? text : words("textFailed");
}

function closeSheets() {
  for (const sheet of document.querySelectorAll(":popover-open")) sheet.hidePopover();
}

// Puts the parts of an answer in place. The undo bar is the latest decision's; the panel only if nothing else is shown.
function settle(content, { number, waiting }) {
  const skip = [];
  if (number !== latest) skip.push("pm-undo");
  if (!waiting) skip.push("pm-panel");
  const { removed, stale, announce: text } = outcome(content);
  for (const receipt of listed(removed)) {
    remove(receipt);
    forget(receipt);
  }
  for (const receipt of listed(stale)) forget(receipt);
  place(content, skip);
  noteOpened();
  if (text && number === latest) announce(text);
  if (waiting) focusHeading();
}

// The payment comes back as it was, whether it can be read again or not: trying again decides it, and no other.
function failed(row, text, before) {
  if (row) {
    comeBack(row);
    forget(row.dataset.receipt);
    putBack(before);
    // That nothing was saved is not to be hidden by a panel that cannot be loaded either.
    show(row, { quiet: true });
  }
  notice(text, "bad");
  announce(text);
}

// What is sent is read once: after a sign-in the form may be out of the page, and its choices with it.
function decide(form, submitter) {
  const url = submitter?.getAttribute("formaction") ?? form.getAttribute("action");
  const body = new URLSearchParams(new FormData(form, submitter));
  body.append("open_ms", openMs());
  return send({ url, body, before: panel(), stays: Boolean(submitter?.matches("[data-pm-here]")) });
}

// After a rejection the same payment shows its next candidate; any other decision moves on at once.
async function send(act) {
  const { url, body, before, stays } = act;
  const number = ++latest;
  const row = rowOf(before.dataset.receipt);
  const next = stays ? undefined : successor(row);
  const moves = Boolean(next) && next !== row;
  closeSheets();
  saving();
  if (!stays && row) leave(row);
  if (moves) {
    body.set("next", next.dataset.receipt);
    show(next);
  } else if (!stays) {
    skeleton();
  }
  // Whoever has gone on to another payment meanwhile keeps that one: the answer's panel is not put beside its mark.
  const isHere = () => !moves && current() === (stays ? row : null);
  open += 1;
  try {
    const response = await post(url, body);
    const text = await response.text();
    const content = parse(text);
    if (response.ok || response.status === 409) {
      if (row) forget(row.dataset.receipt);
      settle(content, { number, waiting: isHere() });
      if (row?.isConnected) comeBack(row);
    } else if (response.status === 422) {
      refused(row, content);
    } else {
      failed(row, refusal(response, text), before);
    }
  } catch (error) {
    if (error instanceof SignedOut) {
      failed(row, words("textSignedOut"), before);
      signedOut(() => send(act));
    } else {
      failed(row, words("textFailed"), before);
    }
  } finally {
    open -= 1;
    if (!busy()) showLost();
  }
}

// The server shows the form again with what is wrong; the row comes back with it.
function refused(row, content) {
  cancelPending();
  if (row) {
    comeBack(row);
    forget(row.dataset.receipt);
    setCurrent(row);
    window.history.replaceState(null, "", row.href);
  }
  place(content);
  notice("", "");
  const first = ["[data-pm-error]", "[aria-invalid=true]", "h2"].map((each) => panel().querySelector(each)).find(Boolean);
  first?.focus();
}

function stay(form, submitter) {
  const url = submitter.getAttribute("formaction") ?? form.getAttribute("action");
  return note(url, new URLSearchParams(new FormData(form, submitter)), panel().dataset.receipt);
}

async function note(url, body, about) {
  const isHere = () => panel().dataset.receipt === about && current() === rowOf(about);
  try {
    const response = await post(url, body);
    const answer = await response.text();
    const content = parse(answer);
    if (response.ok || response.status === 422) {
      const { receipt, who, announce: text } = outcome(content);
      if (isHere()) {
        closeSheets();
        place(content);
        if (receipt) focusHeading();
      } else if (!receipt) notice(content.querySelector("[data-pm-error]")?.textContent ?? words("textFailed"), "bad");
      if (receipt) {
        setWho(receipt, who);
        forget(receipt);
      }
      if (text) announce(text);
    } else notice(refusal(response, answer), "bad");
  } catch (error) {
    if (error instanceof SignedOut) signedOut(() => note(url, body, about));
    else notice(words("textFailed"), "bad");
  }
}

async function undo(form) {
  const number = ++latest;
  const body = new URLSearchParams(new FormData(form));
  body.append("queue", window.location.search.slice(1));
  const url = form.getAttribute("action");
  saving();
  try {
    const response = await post(url, body);
    const text = await response.text();
    const content = parse(text);
    const group = content.querySelector("[data-pm-restored] [data-band]");
    if (response.ok && group) {
      const row = restore(group);
      forget(row.dataset.receipt);
      settle(content, { number, waiting: true });
      show(row);
    } else if (response.ok || response.status === 409) {
      settle(content, { number, waiting: false });
    } else {
      notice(refusal(response, text), "bad");
    }
  } catch (error) {
    if (error instanceof SignedOut) signedOut(() => undo(form));
    else notice(words("textFailed"), "bad");
  }
}

export function startDeciding() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("[data-pm-undo]")) {
      event.preventDefault();
      undo(form);
    } else if (form.matches("[data-pm-decide]")) {
      event.preventDefault();
      if (event.submitter?.matches("[data-pm-stay]")) stay(form, event.submitter);
      else decide(form, event.submitter);
    }
  });
  document.addEventListener("pm:failed", (event) => {
    if (event.detail.status === 401) signedOut();
    else notice(words("textLoadFailed"), "bad");
  });
}
