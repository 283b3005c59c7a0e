// Regions that are fetched anew while somebody looks at them. `data-pm-refresh` says how often, in seconds, unless what
// is shown says otherwise (`data-pm-every`); `data-pm-from` says where from, unless it is the page itself. What is shown
// names its state (`data-pm-state`), and nothing is sent while that is still the newest.
const IDLE_MS = 30 * 60 * 1000;
const LOOK_MS = 1000;
const TIMEOUT_MS = 15000;
const HANDS_ON = ["pointerdown", "pointermove", "keydown", "scroll"];
let touched = Date.now();

// Nobody's session lives on because a page was left open.
const watched = () => document.visibilityState === "visible" && Date.now() - touched < IDLE_MS;
// Nothing is taken away under somebody's hands; the next round comes soon.
const inUse = (region) => region.contains(document.activeElement) || region.querySelector("details[open]") !== null;

function keepFresh(region) {
  let asked = Date.now();

  async function refresh() {
    const shown = region.querySelector("[data-pm-state]");
    const every = Number(shown?.dataset.pmEvery || region.dataset.pmRefresh) * 1000;
    if (!watched() || inUse(region) || Date.now() - asked < every) return;
    asked = Date.now();
    const url = new URL(region.dataset.pmFrom || location.pathname, location.href);
    url.searchParams.set("state", shown?.dataset.pmState ?? region.dataset.state ?? "");
    const answer = await fetch(url, {
      credentials: "same-origin",
      redirect: "error",
      headers: { "X-Payymo-Part": region.id },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => null);
    if (answer && [401, 403, 404].includes(answer.status)) clearInterval(timer);
    if (!answer || answer.status !== 200 || inUse(region)) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    region.replaceChildren(...made.body.childNodes);
    region.dataset.state = answer.headers.get("X-Payymo-State") ?? "";
  }

  const timer = setInterval(refresh, LOOK_MS);
  document.addEventListener("visibilitychange", refresh);
}

export function startRefresh() {
  for (const name of HANDS_ON) document.addEventListener(name, () => (touched = Date.now()), { passive: true });
  document.querySelectorAll("[data-pm-refresh]").forEach(keepFresh);
}
