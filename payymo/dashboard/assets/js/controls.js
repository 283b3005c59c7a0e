// Two plain buttons: print this page, copy this text. What a copy came to is said in one live region.
const DONE_MS = 2000;
let said;

function say(text) {
  if (!said) {
    said = document.createElement("div");
    said.className = "visually-hidden";
    said.setAttribute("role", "status");
    document.body.append(said);
  }
  said.textContent = text;
}

async function copy(button) {
  await navigator.clipboard.writeText(button.dataset.pmCopy);
  button.dataset.pmDone = "";
  say(button.dataset.textDone);
  setTimeout(() => {
    delete button.dataset.pmDone;
    say("");
  }, DONE_MS);
}

// Paper cannot be unfolded.
function unfoldForPrint() {
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("main details:not([open])")];
    for (const details of folded) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of folded) details.open = false;
  });
}

export function startControls() {
  unfoldForPrint();
  // Only a page that came safely may write to the clipboard.
  if (!navigator.clipboard) for (const button of document.querySelectorAll("[data-pm-copy]")) button.hidden = true;
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-pm-print]")) return window.print();
    const button = event.target.closest("[data-pm-copy]");
    if (button) copy(button).catch(() => (button.hidden = true));
  });
}
