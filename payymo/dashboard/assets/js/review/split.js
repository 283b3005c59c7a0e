// What is left while amounts are typed, in minor units, as is what the page gives. Only a preview: the server computes
// it again.
import { numberLanguage } from "./numbers.js";

function minor(text, digits) {
  const plain = text.replace(/[\s\u00a0\u202f'\u2019]/g, "");
  if (!plain) return 0;
  if (!/^\d[\d.,]*$/.test(plain)) return NaN;
  const at = Math.max(plain.lastIndexOf("."), plain.lastIndexOf(","));
  const decimals = at >= 0 && plain.length - at - 1 <= Math.max(digits, 2) ? plain.length - at - 1 : 0;
  const figures = plain.replace(/[.,]/g, "");
  if (decimals > digits) return NaN;
  return Number(figures) * 10 ** (digits - decimals);
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
  const digits = Number(editor.dataset.digits);
  const used = amounts(editor).filter((input) => input !== except).reduce((sum, input) => sum + minor(input.value, digits), 0);
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
      : Number(amount.dataset.outstanding) - (minor(amount.value, digits) || 0);
    event.target.value = written(Math.max(0, most), digits);
    update(editor);
  });
}
