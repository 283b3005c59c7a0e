// Figures that refresh by themselves: asked for every minute while the page is seen, and once when it is seen again.
const EVERY_MS = 60000;

export function startFigures() {
  const shown = document.querySelector("[data-pm-figures]");
  if (!shown) return;
  let asked = Date.now();

  async function refresh() {
    if (document.visibilityState !== "visible" || Date.now() - asked < EVERY_MS) return;
    asked = Date.now();
    const url = new URL(shown.dataset.pmFigures, location.href);
    url.searchParams.set("state", shown.querySelector("[data-pm-state]")?.dataset.pmState ?? "");
    const answer = await fetch(url, { headers: { "HX-Request": "true" } }).catch(() => null);
    if (answer && [401, 403, 404].includes(answer.status)) clearInterval(timer);
    // Nothing is taken away under somebody's hands; the next round comes in a minute.
    if (!answer || answer.status !== 200 || shown.contains(document.activeElement)) return;
    const made = new DOMParser().parseFromString(await answer.text(), "text/html");
    shown.replaceChildren(...made.body.childNodes);
  }

  const timer = setInterval(refresh, EVERY_MS / 12);
  document.addEventListener("visibilitychange", refresh);
}
