// The only module that knows the names of htmx's events.
import htmx from "htmx.org/dist/htmx.esm.js";

window.htmx = htmx;

document.addEventListener("htmx:configRequest", (event) => {
  const token = document.querySelector('meta[name="pm-csrf"]');
  if (token && event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token.content;
});

// A form that came back with errors (422) is shown, not dropped.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.xhr.status === 422) {
    event.detail.shouldSwap = true;
    event.detail.isError = false;
  }
});

// Nothing takes the place of a payment that is being left for another.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.ariaBusy === "true") event.detail.shouldSwap = false;
});

document.addEventListener("htmx:afterSettle", (event) => {
  document.dispatchEvent(new CustomEvent("pm:fragment", { detail: { target: event.detail.elt } }));
});

for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  document.addEventListener(name, (event) => {
    document.dispatchEvent(new CustomEvent("pm:failed", { detail: { status: event.detail.xhr?.status ?? 0 } }));
  });
}
