// Enter takes the first result, but only of what is typed: results that are still on their way are never taken.
const results = () => document.getElementById("pm-results");

export function startFind() {
  document.addEventListener("keydown", (event) => {
    const field = event.target;
    if (event.key !== "Enter" || event.isComposing || !field.matches?.("[data-pm-find]")) return;
    event.preventDefault();
    const first = results()?.querySelector("button[name=invoice]");
    if (first && results().dataset.q === field.value.trim()) results().requestSubmit(first);
    else window.htmx.trigger(field, "pm:search");
  });
}
