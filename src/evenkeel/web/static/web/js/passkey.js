// Passkeys: <form data-passkey="create|get|login"> asks the browser before it is sent.
// "create" and "get" read their options from <script type="application/json" id="passkey-options">,
// "login" fetches them, for nobody is known yet. The answer travels in the field "credential".

const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const toText = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const described = (list) => (list ?? []).map((item) => ({ ...item, id: toBytes(item.id) }));

function creation(options) {
  return { ...options, challenge: toBytes(options.challenge), user: { ...options.user, id: toBytes(options.user.id) }, excludeCredentials: described(options.excludeCredentials) };
}
function request(options) {
  return { ...options, challenge: toBytes(options.challenge), allowCredentials: described(options.allowCredentials) };
}

function asJson(credential) {
  const { response } = credential;
  const answer = { clientDataJSON: toText(response.clientDataJSON) };
  if (response.attestationObject) {
    answer.attestationObject = toText(response.attestationObject);
    answer.transports = response.getTransports?.() ?? [];
  } else {
    answer.authenticatorData = toText(response.authenticatorData);
    answer.signature = toText(response.signature);
    if (response.userHandle) answer.userHandle = toText(response.userHandle);
  }
  return {
    id: credential.id,
    rawId: toText(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? null,
    response: answer,
    clientExtensionResults: credential.getClientExtensionResults(),
  };
}

function given() {
  return JSON.parse(document.getElementById("passkey-options").textContent);
}

async function ask(form) {
  if (form.dataset.passkey === "create") {
    const options = given().creation_options.publicKey;
    const alone = form.querySelector('[name="passwordless"]')?.checked ?? false;
    options.authenticatorSelection = {
      ...options.authenticatorSelection,
      residentKey: alone ? "required" : "discouraged",
      requireResidentKey: alone,
      ...(alone ? { userVerification: "required" } : {}),
    };
    return navigator.credentials.create({ publicKey: creation(options) });
  }
  let options = null;
  if (form.dataset.passkey === "login") {
    const answer = await fetch(form.action, { headers: { Accept: "application/json", "X-Requested-With": "XMLHttpRequest" } });
    if (!answer.ok) throw new Error("no options");
    options = (await answer.json()).request_options;
  } else options = given().request_options;
  return navigator.credentials.get({ publicKey: request(options.publicKey) });
}

function say(form, words) {
  const place = form.querySelector("[data-passkey-say]");
  if (!place) return;
  place.textContent = words;
  place.hidden = !words;
}

function reason(error) {
  if (!window.PublicKeyCredential || !navigator.credentials) return "This browser cannot use passkeys here. They need HTTPS, or this very machine.";
  if (error?.name === "InvalidStateError") return "This device holds a passkey for this account already.";
  if (error?.name === "NotAllowedError") return "The passkey was not used: it was refused, or took too long. Try again.";
  return "The passkey could not be used. Try again, or use another way.";
}

for (const form of document.querySelectorAll("form[data-passkey]"))
  form.addEventListener("submit", async (event) => {
    if (form.elements.credential.value) return;
    event.preventDefault();
    say(form, "");
    const button = form.querySelector('button[type="submit"]');
    button.setAttribute("aria-disabled", "true");
    try {
      form.elements.credential.value = JSON.stringify(asJson(await ask(form)));
      form.submit();
    } catch (error) {
      say(form, reason(error));
      button.removeAttribute("aria-disabled");
    }
  });
