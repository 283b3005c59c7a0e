// Light, dark or as the system says. The server keeps the choice; the page changes at once.
const system = window.matchMedia("(prefers-color-scheme: dark)");
const root = document.documentElement;

function paint() {
  const mode = root.dataset.pmMode;
  root.dataset.bsTheme = mode === "system" ? (system.matches ? "dark" : "light") : mode;
}

function choose(event) {
  const form = event.target.closest("form[data-pm-theme]");
  if (!form || !event.submitter) return;
  event.preventDefault();
  root.dataset.pmMode = event.submitter.value;
  paint();
  for (const button of form.querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button === event.submitter));
  }
  fetch(form.action, {
    method: "POST",
    body: new URLSearchParams(new FormData(form, event.submitter)),
    headers: { "HX-Request": "true" },
    redirect: "manual",
    keepalive: true,
  }).catch(() => form.submit());
}

export function startTheme() {
  system.addEventListener("change", paint);
  document.addEventListener("submit", choose);
}
