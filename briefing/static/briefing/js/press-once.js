// A form that leaves once: a second press, while the first is on its way, does nothing.

for (const form of document.querySelectorAll('form[data-behaviour~="press-once"]')) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.pressed) {
      event.preventDefault();
      return;
    }
    form.dataset.pressed = "yes";
    // Not `disabled`: a disabled button would not send its own value along.
    for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true");
  });

  // The browser's way back shows the page as it was left: it can be pressed again then.
  addEventListener("pageshow", () => {
    delete form.dataset.pressed;
    for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
  });
}
