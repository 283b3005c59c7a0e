// The panel beside the queue: shown from memory when it was fetched in advance.
import { SignedOut, announce, get, parse, place, review, words } from "./fragments.js";
import { busy } from "./decide.js";
import { neighbour, rowOf, setCurrent } from "./queue.js";
import { notice, signedOut } from "./undo.js";

const FRESH_MS = 60000;
const KEEP = 12;
const SKELETON_AFTER_MS = 300;
const fetched = new Map();
let shown = 0;
let opened = { receipt: "", at: 0 };
// What could not be loaded while a decision was being saved.
let lost;

export const panel = () => document.getElementById("pm-panel");
// From when on somebody sees this payment: how long a decision takes is measured from here.
export function noteOpened() {
  const receipt = panel()?.dataset.receipt ?? "";
  if (receipt !== opened.receipt) opened = { receipt, at: performance.now() };
}
export const openMs = () => Math.round(performance.now() - opened.at);

export const forget = (receipt) => fetched.delete(receipt);

async function load(url) {
  const response = await get(url);
  if (!response.ok) throw new Error(`panel answered ${response.status}`);
  return response.text();
}

export function prefetch(row) {
  const { receipt, panelUrl } = row.dataset;
  const known = fetched.get(receipt);
  if (known && performance.now() - known.at < FRESH_MS) return known.html;
  const html = load(panelUrl);
  html.catch(() => fetched.delete(receipt));
  fetched.set(receipt, { html, at: performance.now() });
  if (fetched.size > KEEP) fetched.delete(fetched.keys().next().value);
  return html;
}

const tellKeys = (name) => document.dispatchEvent(new CustomEvent(name));

// What is still on its way no longer takes the panel's place.
export function cancelPending() {
  shown += 1;
  lost = undefined;
  tellKeys("pm:leaving");
}

export function skeleton() {
  place(parse(review().querySelector("#pm-skeleton").innerHTML));
}

// Shows a panel as it was, with its own row marked: what is marked and what a key decides are never two payments.
export function putBack(before) {
  const row = before.dataset.receipt && rowOf(before.dataset.receipt);
  if (!row) return;
  cancelPending();
  if (panel() !== before) panel().replaceWith(before);
  before.removeAttribute("aria-busy");
  setCurrent(row);
  window.history.replaceState(null, "", row.href);
}

export function focusHeading() {
  panel().querySelector("h2")?.focus({ preventScroll: true });
}

// The bar still offers to undo what was saved: the panel itself says that there is nothing in it.
function sayLost() {
  skeleton();
  panel().removeAttribute("aria-busy");
  panel().firstElementChild.className = "pm-panel-empty";
  panel().firstElementChild.textContent = words("textLoadFailed");
  announce(words("textLoadFailed"));
}

export async function show(row, { focus = true, quiet = false, again = false } = {}) {
  cancelPending();
  const mine = shown;
  const before = panel();
  // Until then a key waits: what is still shown is another payment than the one that is marked.
  if (!quiet) before.setAttribute("aria-busy", "true");
  setCurrent(row);
  window.history.replaceState(null, "", row.href);
  // What is only read again stays in sight meanwhile.
  const late = setTimeout(() => mine === shown && !quiet && skeleton(), SKELETON_AFTER_MS);
  try {
    const html = await prefetch(row);
    if (mine !== shown) return;
    place(parse(html));
    noteOpened();
    if (focus) focusHeading();
    prefetchNext(row);
    tellKeys("pm:shown");
  } catch (error) {
    if (mine !== shown) return;
    // A decision on its way leads back to its own payment, or else asks for this one again.
    if (busy()) return (lost = row);
    if (error instanceof SignedOut) signedOut(() => show(row));
    else if (again || !rowOf(before.dataset.receipt)) return sayLost();
    else if (!quiet) notice(words("textLoadFailed"), "bad");
    putBack(before);
  } finally {
    clearTimeout(late);
  }
}

export function showLost() {
  if (lost?.isConnected) show(lost, { again: true });
}

export function prefetchNext(row) {
  const first = neighbour(row, 1);
  const second = first && neighbour(first, 1);
  for (const next of [first, second]) if (next) prefetch(next);
}
