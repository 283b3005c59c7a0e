// The list on the left: moving through it, taking rows out and putting them back.
import { prefetchNext, show } from "./panels.js";
import { words } from "./fragments.js";
import { numberLanguage } from "./numbers.js";

const wide = window.matchMedia("(min-width: 992px)");
const number = new Intl.NumberFormat(numberLanguage);
const ORDER = ["exact", "likely", "possible", "none"];

const queue = () => document.getElementById("pm-queue");
const rows = () => [...queue().querySelectorAll(".pm-row:not(.pm-leaving)")];
export const current = () => queue().querySelector('.pm-row[aria-current="true"]');
export const rowOf = (receipt) => queue().querySelector(`.pm-row[data-receipt="${CSS.escape(receipt)}"]`);

export function neighbour(row, step) {
  const all = rows();
  return all[all.indexOf(row) + step];
}

// The row to go to when `row` leaves: the one below, or else the one above.
export function successor(row) {
  return row ? neighbour(row, 1) ?? neighbour(row, -1) : rows()[0];
}

export function setCurrent(row) {
  for (const other of queue().querySelectorAll(".pm-row[aria-current]")) other.removeAttribute("aria-current");
  row.setAttribute("aria-current", "true");
  // With the frame, where the layout is made anyway: asked for now, it would be made twice.
  requestAnimationFrame(() => row.scrollIntoView({ block: "nearest" }));
  if (!neighbour(row, 3)) queue().querySelector(".pm-more")?.click();
}

function recount(band, change) {
  const element = queue().querySelector(`[data-pm-count="${band}"]`);
  if (!element) return;
  const value = Math.max(0, Number(element.dataset.value) + change);
  element.dataset.value = String(value);
  element.textContent = number.format(value);
}

const groupOf = (row) => row.closest("[data-band]");

function tidy(group) {
  group.hidden = !group.querySelector(".pm-row:not(.pm-leaving)") && !queue().querySelector(".pm-more");
}

export function leave(row) {
  row.classList.add("pm-leaving");
  row.removeAttribute("aria-current");
  recount(groupOf(row).dataset.band, -1);
  tidy(groupOf(row));
}

export function comeBack(row) {
  if (!row.classList.contains("pm-leaving")) return;
  row.classList.remove("pm-leaving");
  recount(groupOf(row).dataset.band, 1);
  tidy(groupOf(row));
}

export function remove(receipt) {
  const row = rowOf(receipt);
  if (!row) return;
  if (!row.classList.contains("pm-leaving")) leave(row);
  row.closest("li").remove();
  countPicked();
}

// A colleague has it now, or nobody.
export function setWho(receipt, name) {
  const who = rowOf(receipt)?.querySelector("[data-pm-who]");
  if (who) who.textContent = name;
}

// Puts a row that was undone at the head of its band; `group` is a whole band with that one row.
export function restore(group) {
  const { band } = group.dataset;
  const row = group.querySelector(".pm-row");
  remove(row.dataset.receipt);
  const there = queue().querySelector(`[data-band="${band}"]`);
  if (there) {
    there.querySelector("ul").prepend(row.closest("li"));
    recount(band, 1);
    there.hidden = false;
  } else {
    const later = ORDER.slice(ORDER.indexOf(band) + 1).map((name) => queue().querySelector(`[data-band="${name}"]`));
    queue().insertBefore(group, later.find(Boolean) ?? queue().querySelector(".pm-more"));
  }
  queue().querySelector(".pm-queue-empty")?.remove();
  return row;
}

const plain = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

function move(step) {
  const row = current();
  const next = row ? neighbour(row, step) : rows()[0];
  if (next) show(next);
  return Boolean(next);
}

const pick = (row) => row?.closest("li").querySelector(".pm-pick");

// The button says what it would approve: what is selected, or else the surest band.
function countPicked() {
  const button = document.querySelector("[data-pm-bulk]");
  if (!button) return;
  const text = button.querySelector("[data-pm-bulk-text]");
  text.dataset.band ??= text.textContent;
  const count = queue().querySelectorAll(".pm-pick:checked").length;
  text.textContent = count ? button.dataset.text.replace("{n}", String(count)) : text.dataset.band;
}

function select(row, checked) {
  const box = pick(row);
  if (!box) return false;
  box.checked = checked ?? !box.checked;
  countPicked();
  return true;
}

function extend(step) {
  const row = current();
  if (!select(row, true)) return false;
  const next = neighbour(row, step);
  if (next) {
    select(next, true);
    show(next, { focus: false });
  }
  return true;
}

// More rows may bring one that is there already: opened by a link, or put back at the head of its band.
function dropRepeated() {
  const seen = new Set();
  for (const row of queue().querySelectorAll(".pm-row")) {
    if (seen.has(row.dataset.receipt)) row.closest("li").remove();
    seen.add(row.dataset.receipt);
  }
}

export function startQueue() {
  document.addEventListener("pm:fragment", dropRepeated);
  queue().addEventListener("change", (event) => event.target.matches(".pm-pick") && countPicked());
  countPicked();
  queue().addEventListener("click", (event) => {
    const row = event.target.closest(".pm-row");
    if (!row || !plain(event) || !wide.matches) return;
    event.preventDefault();
    show(row);
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.body.dataset.pmKeys === "off") return;
    if (event.target.closest?.("input:not(.pm-pick, [type=radio]), select, textarea, dialog, [popover]")) return;
    if (event.shiftKey) {
      const far = { J: 1, K: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (far && extend(far)) event.preventDefault();
      return;
    }
    if (event.key.toLowerCase() === "x" && select(current())) return event.preventDefault();
    const step = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 }[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (step && move(step)) event.preventDefault();
  });
  const row = current();
  if (row) prefetchNext(row);
  document.title = words("title") || document.title;
}
