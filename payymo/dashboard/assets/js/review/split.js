// What is left while amounts are typed, in minor units, as is what the page gives. Only a preview: the server computes
// it again.
import { numberLanguage } from "./numbers.js";

const group = new Intl.NumberFormat(numberLanguage).formatToParts(12345).find((part) => part.type === "group")?.value;

// As the server reads it: three digits behind the only mark are grouped by the reader's own mark alone.
function minor(text, { digits, currency }) {
  let plain = text.replace(/[\s\u00a0\u202f'\u2019]/g, "");
  if (plain.startsWith(currency)) plain = plain.slice(currency.length);
  else if (plain.endsWith(currency)) plain = plain.slice(0, -currency.length);
  if (!plain) return 0;
  const [, whole, marks, mark, decimals = ""] =
    plain.match(/^(\d+|\d{1,3}([.,])\d{3}(?:\2\d{3})*)(?:([.,])(\d{1,3}))?$/) ?? [];
  if (!whole || (marks && marks === mark)) return NaN;
  const isGrouped = decimals.length > digits && decimals.length === 3 && whole.length <= 3 && mark === group;
  if (decimals.length > digits && !isGrouped) return NaN;
  const figures = Number(whole.replace(/\D/g, "") + decimals);
  return figures * 10 ** (digits - (isGrouped ? 0 : decimals.length));
}

const written = (value, digits) =>
  new Intl.NumberFormat(numberLanguage, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
    .format(value / 10 ** digits)
    .replace("-", "\u2212");

const amounts = (editor) => [...editor.querySelectorAll("[data-pm-amount]")];

function left(editor, except) {
  const used = amounts(editor).filter((input) => input !== except).reduce((sum, input) => sum + minor(input.value, editor.dataset), 0);
  return Number(editor.dataset.total) - used;
}

function update(editor) {
  const digits = Number(editor.dataset.digits);
  const rest = left(editor);
  for (const output of editor.querySelectorAll("[data-pm-unallocated]")) {
    output.textContent = Number.isNaN(rest) ? "–" : `${written(rest, digits)}\u00a0${editor.dataset.currency}`;
    output.classList.toggle("pm-tone-bad", rest < 0);
  }
  for (const part of editor.querySelectorAll("[data-pm-rest]")) part.hidden = !(rest > 0);
}

export function startSplit() {
  document.addEventListener("input", (event) => {
    const editor = event.target.closest("[data-pm-split]");
    if (editor) update(editor);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "=" || !event.target.matches?.("[data-pm-amount], [data-pm-fee]")) return;
    event.preventDefault();
    const editor = event.target.closest("[data-pm-split]");
    const digits = Number(editor.dataset.digits);
    const amount = event.target.closest(".pm-split-row").querySelector("[data-pm-amount]");
    const most = event.target === amount
      ? Math.min(Number(amount.dataset.outstanding), left(editor, amount))
      : Number(amount.dataset.outstanding) - (minor(amount.value, editor.dataset) || 0);
    event.target.value = written(Math.max(0, most), digits);
    update(editor);
  });
}
