// The counters, every 20 s while the tab is visible.
import { get, parse, place, review } from "./fragments.js";
import { busy } from "./decide.js";

const EVERY_MS = 20000;

async function refresh() {
  if (document.visibilityState !== "visible" || busy()) return;
  try {
    const shown = document.getElementById("pm-progress").dataset.state;
    const response = await get(`${review().dataset.statusUrl}?state=${encodeURIComponent(shown)}`);
    if (response.status === 200 && !busy()) place(parse(await response.text()));
  } catch {
    // The next round tries again; a decision would report the failure.
  }
}

function spread() {
  const progress = document.getElementById("pm-progress");
  for (const element of document.querySelectorAll("[data-pm-left]")) element.textContent = progress.dataset.left;
}

export function startStatus() {
  setInterval(refresh, EVERY_MS);
  document.addEventListener("pm:placed", (event) => event.target.id === "pm-progress" && spread());
}
