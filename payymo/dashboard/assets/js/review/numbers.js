// How figures are written: the reader's own style if the page says one. The staff's pages say it in their head.
const said = document.querySelector("[data-pm-numbers]");

export const numberLanguage = said?.dataset.pmNumbers || document.documentElement.lang;
