// Ctrl K: one field that leads to pages, records and actions. Arrows move through the results, Enter takes one.
const palette = () => document.getElementById("pm-palette");
const field = () => palette().querySelector("[data-pm-palette]");
const hits = () => [...palette().querySelectorAll("a.pm-hit")];

function open() {
  palette().showPopover();
  field().focus();
  field().select();
  window.htmx.trigger(field(), "pm:open");
}

function step(change) {
  const all = hits();
  const next = all[all.indexOf(document.activeElement) + change];
  if (next) next.focus();
  else if (change < 0) field().focus();
}

export function startPalette() {
  if (!palette()) return;
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (palette().matches(":popover-open")) palette().hidePopover();
      else open();
    }
  });
  palette().addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") step(1);
    else if (event.key === "ArrowUp") step(-1);
    else if (event.key === "Enter" && event.target === field() && !event.isComposing) {
      // Only results of what is typed are taken; otherwise the search page answers.
      const shown = palette().querySelector("#pm-hits");
      if (shown?.dataset.q !== field().value.trim() || !hits().length) return;
      hits()[0].click();
    } else return;
    event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-pm-open-palette]")) open();
  });
}
