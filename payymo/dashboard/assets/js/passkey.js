// Passkeys: a button asks the authenticator, puts its answer into the form's hidden field, and sends the form.
const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function read(options) {
  const known = (list) => (list ?? []).map((each) => ({ ...each, id: bytes(each.id) }));
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  if (options.excludeCredentials) read.excludeCredentials = known(options.excludeCredentials);
  if (options.allowCredentials) read.allowCredentials = known(options.allowCredentials);
  return read;
}

function written(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) answer[name] = text(response[name]);
  }
  if (response.getTransports) answer.transports = response.getTransports();
  return JSON.stringify({
    id: credential.id,
    rawId: text(credential.rawId),
    type: credential.type,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  });
}

// Starts the buttons inside `root`; `signal` takes the question back from the authenticator.
export function startPasskeys(root = document, signal = undefined) {
  for (const button of root.querySelectorAll("[data-pm-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    const problem = root.querySelector(`#${button.dataset.pmProblem}`);
    button.disabled = false;
    button.addEventListener("click", async () => {
      button.disabled = true;
      problem.hidden = true;
      try {
        const publicKey = read(JSON.parse(button.dataset.pmOptions));
        const credential = await navigator.credentials[button.dataset.pmPasskey]({ publicKey, signal });
        button.form.elements[button.dataset.pmField].value = written(credential);
        button.form.requestSubmit();
      } catch {
        problem.hidden = false;
      }
      button.disabled = false;
      if (!problem.hidden) button.focus();
    });
  }
}
