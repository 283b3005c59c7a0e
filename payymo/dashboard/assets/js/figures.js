// Figures that refresh by themselves: asked for every minute, or as often as they say, while the page is seen.
const USUAL_SECONDS = 60;
const LOOK_MS = 1000;
const IDLE_MS = 30 * 60 * 1000;

export function startFigures() {
  const shown = document.querySelector("[data-pm-figures]");
  if (!shown) return;
  let asked = Date.now();
  let touched = Date.now();

  async function refresh() {
    const state = shown.querySelector("[data-pm-state]");
    const every = Number(state?.dataset.pmEvery || USUAL_SECONDS) * 1000;
    // Nobody's session lives on because a page was left open.
    if (document.visibilityState !== "visible" || Date.now() - touched > IDLE_MS || Date.now() - asked < every) return;
    asked = Date.now();
    const url = new URL(shown.dataset.pmFigures, location.href);
    url.searchParams.set("state", state?.dataset.pmState ?? "");
    const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer && [401, 403, 404].includes(answer.status)) clearInterval(timer);
    // Nothing is taken away under somebody's hands; the next round comes in a minute.
    if (!answer || answer.status !== 200 || shown.contains(document.activeElement)) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    shown.replaceChildren(...made.body.childNodes);
  }

  for (const name of ["pointerdown", "pointermove", "keydown", "scroll"]) document.addEventListener(name, () => (touched = Date.now()), { passive: true });
  const timer = setInterval(refresh, LOOK_MS);
  document.addEventListener("visibilitychange", refresh);
}
