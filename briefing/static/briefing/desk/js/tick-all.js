// Puts a box above a column of boxes that ticks all of them. Without this each is ticked by itself.
for (const table of document.querySelectorAll('[data-behaviour~="tick-all"]')) {
  const boxes = [...table.querySelectorAll('tbody input[type="checkbox"]')];
  const all = document.createElement("input");
  all.type = "checkbox";
  all.setAttribute("aria-label", table.dataset.all);

  function show() {
    const ticked = boxes.filter((box) => box.checked).length;
    all.checked = ticked === boxes.length;
    all.indeterminate = ticked > 0 && !all.checked;
  }

  all.addEventListener("change", () => {
    for (const box of boxes) box.checked = all.checked;
  });
  table.addEventListener("change", show);
  table.querySelector("thead th").prepend(all, " ");
  show();
}
