// The staff admin: our parts follow the admin's own light and dark switch.
import "./htmx-events.js";
import { startKeys } from "./keys.js";
import { startRefresh } from "./refresh.js";

const root = document.documentElement;
const system = window.matchMedia("(prefers-color-scheme: dark)");

function follow() {
  const mode = root.dataset.theme ?? "auto";
  root.dataset.bsTheme = mode === "auto" ? (system.matches ? "dark" : "light") : mode;
}

new MutationObserver(follow).observe(root, { attributes: true, attributeFilter: ["data-theme"] });
system.addEventListener("change", follow);
follow();
startKeys();
startRefresh();
