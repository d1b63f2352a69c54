// Who logs in again in another window has a new token there; with the old one no form is taken.
function renew(event) {
  const token = document.cookie.match(/(?:^|; )(?:__Host-csrf|csrftoken)=([^;]+)/)?.[1];
  const field = event.target.closest?.("form")?.elements.csrfmiddlewaretoken;
  if (token && field) field.value = token;
}

for (const kind of ["input", "submit"]) document.addEventListener(kind, renew, { capture: true });
