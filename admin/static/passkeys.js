// Asks the browser for a passkey and sends what it answers with the page's own form. Nothing is fetched.
"use strict";

const form = document.querySelector("form[data-passkey]");
const said = form.querySelector("[data-said]");

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
const named = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

function wanted(options) {
  const read = { ...options, challenge: bytes(options.challenge) };
  if (options.user) read.user = { ...options.user, id: bytes(options.user.id) };
  read.excludeCredentials = named(options.excludeCredentials);
  read.allowCredentials = named(options.allowCredentials);
  return read;
}

function answer(credential) {
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (credential.response[part]) response[part] = text(credential.response[part]);
  }
  const { id, type } = credential;
  return JSON.stringify({ id, rawId: text(credential.rawId), type, response });
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const verb = form.dataset.passkey;
  try {
    const publicKey = wanted(JSON.parse(form.dataset.options));
    form.elements.answer.value = answer(await navigator.credentials[verb]({ publicKey }));
    form.submit();
  } catch (error) {
    said.textContent = `The browser gave no passkey: ${error.message}`;
  }
});
