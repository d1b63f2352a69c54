// Makes the whole page its one button: a person's own tap, click or Enter anywhere sends the form.
// Never on load or by timer, and only for events that the browser vouches for: link scanners run
// scripts too. A mere move of the pointer is not enough: the next page would come under the finger
// of whoever was just about to press, and whoever closes the page would be taken at no word.

const CONTROLS = "a, button, input, label, select, summary, textarea";
const form = document.querySelector('form[data-behaviour~="press-anywhere"]');

function press(event) {
  if (!form || !event.isTrusted || event.target.closest(CONTROLS)) return;
  if (String(getSelection())) return; // Somebody is marking text, to read or copy it.
  form.requestSubmit(form.querySelector("button"));
}

document.addEventListener("click", press);
document.addEventListener("keydown", (event) => {
  const plain = !event.repeat && !event.altKey && !event.ctrlKey && !event.metaKey;
  if (event.key === "Enter" && plain) press(event);
});
