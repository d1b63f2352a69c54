// Lets this computer work for a moment while many people sign up at once, so that the mail need not wait.
// Asks whether that is so when somebody begins to fill the form in; mostly there is nothing to do. Whatever
// goes wrong here, the form is sent as it is, and its mail comes a little later.
// The challenge is ALTCHA's: https://altcha.org/docs/v2/

// A new tab opens from a frame only within five seconds of the press.
const PATIENCE_MILLISECONDS = 4000;
const bytes = (hex) => Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");

async function solve({ nonce, salt, cost, keyLength, keyPrefix }) {
  const how = { name: "PBKDF2", hash: "SHA-256", salt: bytes(salt), iterations: cost };
  const start = bytes(nonce);
  const password = new Uint8Array(start.length + 4);
  password.set(start);
  for (let counter = 0; ; counter += 1) {
    new DataView(password.buffer).setUint32(start.length, counter);
    const key = await crypto.subtle.importKey("raw", password, "PBKDF2", false, ["deriveBits"]);
    const derivedKey = hex(await crypto.subtle.deriveBits(how, key, keyLength * 8));
    if (derivedKey.startsWith(keyPrefix)) return { counter, derivedKey };
  }
}

async function prove(field) {
  const answer = await fetch(field.dataset.challenge);
  if (answer.status !== 200) return;
  const challenge = await answer.json();
  field.value = btoa(JSON.stringify({ challenge, solution: await solve(challenge.parameters) }));
}

for (const field of document.querySelectorAll('[data-behaviour~="prove-work"]')) {
  const form = field.form;
  let proving = null;
  // Whether the form may leave as it is; a form shown again brings its proof along.
  let ready = Boolean(field.value);
  const begin = () => ready || (proving ??= prove(field).catch(() => {}).then(() => (ready = true)));
  form.addEventListener("focusin", begin);

  form.addEventListener("submit", async (event) => {
    if (ready) {
      // A proof counts once, and a form in a frame stays when its answer opens elsewhere.
      setTimeout(() => ([field.value, proving, ready] = ["", null, false]));
      return;
    }
    event.preventDefault();
    if (form.ariaBusy) return;
    form.ariaBusy = "true";
    const button = event.submitter ?? form.querySelector("button");
    const label = button.textContent;
    button.textContent = field.dataset.wait;
    await Promise.race([begin(), new Promise((done) => setTimeout(done, PATIENCE_MILLISECONDS))]);
    form.ariaBusy = null;
    button.textContent = label;
    ready = true;
    form.requestSubmit(button);
  });
}
