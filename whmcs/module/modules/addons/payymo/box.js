(function () {
    "use strict";
    function show(box, options) {
        box.setAttribute("aria-busy", "true");
        fetch(box.getAttribute("data-payymo"), Object.assign({credentials: "same-origin"}, options))
            .then(function (answer) {
                // A page of WHMCS instead: this role may not open the module, or has to sign in again.
                box.hidden = answer.headers.get("X-Payymo") !== "1";
                return answer.ok && !box.hidden ? answer.text() : Promise.reject(answer.status);
            })
            .then(function (html) { box.innerHTML = html; })
            .catch(function () { box.textContent = "Payymo: –"; })
            .then(function () { box.removeAttribute("aria-busy"); });
    }
    function begin() {
        document.querySelectorAll(".payymo-box:not([data-payymo-shown])").forEach(function (box) {
            box.setAttribute("data-payymo-shown", "");
            box.addEventListener("submit", function (event) {
                event.preventDefault();
                box.querySelectorAll("button").forEach(function (button) { button.disabled = true; });
                show(box, {method: "POST", body: new FormData(event.target)});
            });
            show(box, {});
        });
    }
    if (document.readyState === "complete") { begin(); } else { window.addEventListener("load", begin); }
})();
