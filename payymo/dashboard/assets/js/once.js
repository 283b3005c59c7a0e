// A form is sent once: a second press on its button, as by a double click, would let the browser drop the answer to the
// first, which may be the only one to hold a secret, and show what became of the second.
const AGAIN_MS = 5000;
let sent = new WeakMap();

export function startOnce() {
  // On the window, behind all that handles forms by script: these send and wait by themselves.
  addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    // Not for ever: the answer may be a file, beside which the page stays, or may have been stopped by hand.
    if (event.timeStamp - (sent.get(form) ?? -AGAIN_MS) < AGAIN_MS) event.preventDefault();
    else sent.set(form, event.timeStamp);
  });
  addEventListener("pageshow", () => (sent = new WeakMap()));
}
