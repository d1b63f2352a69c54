// Shows the mail anew when what it is made of changes. Without this the buttons above it do.
const PAUSE = 700;

for (const pane of document.querySelectorAll('[data-behaviour~="live-look"]')) {
  const buttons = pane.querySelectorAll("button[formtarget]");
  const form = buttons[0].form;
  let chosen = buttons[0];
  let waiting = 0;

  function choose(button) {
    chosen = button;
    for (const each of buttons) each.setAttribute("aria-pressed", String(each === button));
  }

  function look() {
    // A new frame each time: otherwise the way back would lead through every look.
    const frame = pane.querySelector("iframe");
    // Who has gone there by keyboard would be thrown out of it.
    if (frame === document.activeElement) return later();
    frame.replaceWith(frame.cloneNode());
    form.requestSubmit(chosen);
  }

  function later() {
    clearTimeout(waiting);
    waiting = setTimeout(look, PAUSE);
  }

  for (const button of buttons) {
    button.addEventListener("click", () => choose(button));
  }
  form.addEventListener("input", later);
  form.addEventListener("dragend", later);
  form.addEventListener("click", (event) => {
    if (event.target.closest(".desk-move")) later();
  });
  choose(chosen);
  look();
}
