// Regions that are fetched anew while somebody looks at them: `data-pm-refresh` says how often, in seconds.
import { parse } from "./review/fragments.js";

const IDLE_MS = 30 * 60 * 1000;
const TIMEOUT_MS = 15000;
let lastSeen = Date.now();

// Nobody's session lives on because a page was left open.
const watched = () => document.visibilityState === "visible" && Date.now() - lastSeen < IDLE_MS;
const inUse = (region) => region.contains(document.activeElement) || region.querySelector("details[open]") !== null;

async function refresh(region) {
  if (!watched() || inUse(region)) return;
  try {
    const response = await fetch(`${location.pathname}?state=${encodeURIComponent(region.dataset.state)}`, {
      credentials: "same-origin",
      redirect: "error",
      headers: { "X-Payymo-Part": region.id },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    if (response.status !== 200 || inUse(region)) return;
    region.replaceChildren(parse(await response.text()));
    region.dataset.state = response.headers.get("X-Payymo-State") ?? "";
  } catch {
    // The next round tries again.
  }
}

export function startRefresh() {
  for (const name of ["pointerdown", "keydown"]) document.addEventListener(name, () => (lastSeen = Date.now()), { passive: true });
  for (const region of document.querySelectorAll("[data-pm-refresh]")) {
    setInterval(() => refresh(region), Number(region.dataset.pmRefresh) * 1000);
  }
}
