// Says how long a line has become beside the length that mailboxes show, and shows it as they list it.
for (const field of document.querySelectorAll('[data-behaviour~="length-meter"]')) {
  const best = Number(field.dataset.best);
  const meter = document.createElement("meter");
  const number = document.createElement("output");
  const shown = document.querySelector(`[data-shows="${field.id}"]`);
  Object.assign(meter, { min: 0, max: best * 1.5, high: best, optimum: best / 2 });
  meter.setAttribute("aria-hidden", "true");
  number.setAttribute("for", field.id);
  // Read out when somebody asks for it, not at every key.
  number.setAttribute("aria-live", "off");

  function measure() {
    const { length } = [...field.value];
    meter.value = length;
    number.textContent = ` ${length} / ${best}`;
    if (shown) shown.textContent = field.value;
  }

  const line = document.createElement("div");
  line.className = "desk-meter";
  line.append(meter, number);
  field.after(line);
  field.addEventListener("input", measure);
  measure();
}
