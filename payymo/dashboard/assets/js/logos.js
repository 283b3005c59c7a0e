// A bank's logo lies over a plain sign; one that cannot be loaded is taken away.
const isLogo = (element) => element.matches?.(".pm-bank-logo");

export function startLogos() {
  document.addEventListener("error", (event) => isLogo(event.target) && event.target.remove(), true);
  for (const logo of document.querySelectorAll(".pm-bank-logo")) {
    if (logo.complete && !logo.naturalWidth) logo.remove();
  }
}
