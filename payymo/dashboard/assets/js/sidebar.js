// Fold to icons on a wide screen (kept in a cookie, so the server draws it right first time), drawer on a narrow one.
const wide = window.matchMedia("(min-width: 992px)");
const YEAR = 365 * 24 * 3600;

function fold() {
  const folded = document.body.classList.toggle("sidebar-folded");
  const secure = window.location.protocol === "https:" ? "; secure" : "";
  document.cookie = `payymo_sidebar=${folded ? "folded" : "open"}; path=/; max-age=${YEAR}; samesite=lax${secure}`;
  for (const button of document.querySelectorAll("[data-pm-sidebar]")) button.setAttribute("aria-expanded", String(!folded));
}

function drawer(open) {
  document.body.classList.toggle("sidebar-open", open);
  // All but the drawer is inert while it is open: the focus stays inside.
  for (const part of document.querySelectorAll(".page-wrapper > :not(.pm-backdrop)")) part.inert = open;
  for (const button of document.querySelectorAll("[data-pm-sidebar]")) button.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector(".sidebar .nav-link")?.focus();
  else document.querySelector(".navbar [data-pm-sidebar]")?.focus();
}

export function startSidebar() {
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-pm-sidebar]")) {
      if (wide.matches) fold();
      else drawer(!document.body.classList.contains("sidebar-open"));
    } else if (event.target.closest(".pm-backdrop")) {
      drawer(false);
    }
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && document.body.classList.contains("sidebar-open")) drawer(false);
  });
  wide.addEventListener("change", () => {
    if (wide.matches && document.body.classList.contains("sidebar-open")) drawer(false);
  });
}
