// Single keys. Markup says what they do: data-pm-key presses or focuses its element, data-pm-go follows a link after G.
const GO_WINDOW_MS = 1200;
// The keys of the review's panel. What is pressed while the panel of the marked payment is on its way is kept until it
// is there: figures choose, the first other key ends it, and what follows was meant for something nobody has seen.
const OF_PANEL = /^[1-5acfilmprvw.]$/;
let goUntil = 0;
let early = [];
// Z during "Saving…" waits for what it takes back; any other key says that it was not meant.
let undoesNext = false;

const isField = (target) =>
  target instanceof HTMLElement &&
  (target.isContentEditable ||
    target.matches("textarea, select, input:not([type=radio]):not([type=checkbox]):not([type=button]):not([type=submit])"));

const isSaving = () => document.querySelector("#pm-undo [data-pm-saving]") !== null;
const isComing = () => document.querySelector("#pm-panel[aria-busy]") !== null;

function keep(key) {
  if (early.every((before) => /^\d$/.test(before))) early.push(key);
  return true;
}

function press(key) {
  undoesNext = key === "z" && isSaving();
  if (undoesNext) return true;
  if (OF_PANEL.test(key) && isComing()) return keep(key);
  // Also what a narrow screen keeps in a menu: the key is the short way to it.
  const element = document.querySelector(`[data-pm-key="${CSS.escape(key)}"]:not(:disabled)`);
  if (!element) return false;
  if (isField(element)) {
    element.focus();
    element.select?.();
  } else {
    element.click();
  }
  return true;
}

function go(key) {
  goUntil = 0;
  const link = document.querySelector(`[data-pm-go="${CSS.escape(key)}"]`);
  link?.click();
  return Boolean(link);
}

// A field of search takes the first Escape for itself: what it is in would stay open over keys that act behind it.
function leave(field) {
  const over = field.closest(":popover-open");
  if (over) over.hidePopover();
  else field.blur();
}

function onKey(event) {
  // A key that is held down acts once: it would go on through payments that nobody has looked at.
  if (event.repeat) return;
  if (event.defaultPrevented || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  if (document.body.dataset.pmKeys === "off") return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (isField(event.target)) {
    if (key === "Escape") leave(event.target);
    return;
  }
  // What is typed on in the palette is meant for nothing behind it.
  if (event.target.closest?.("dialog[open], #pm-palette")) return;
  if (performance.now() < goUntil && go(key)) return event.preventDefault();
  if (key === "g") goUntil = performance.now() + GO_WINDOW_MS;
  else if (key === "?") document.getElementById("pm-keys")?.togglePopover();
  else if (!press(event.shiftKey && /^[a-z]$/.test(key) ? `Shift+${key}` : key)) return;
  event.preventDefault();
}

export function startKeys() {
  document.addEventListener("keydown", onKey);
  document.addEventListener("pm:leaving", () => (early = []));
  document.addEventListener("pm:placed", (event) => {
    if (event.target.id === "pm-undo" && undoesNext && !isSaving()) queueMicrotask(() => press("z"));
  });
  document.addEventListener("pm:shown", () => {
    // An act that leads on to the next payment forgets the rest.
    while (early.length) press(early.shift());
  });
}
