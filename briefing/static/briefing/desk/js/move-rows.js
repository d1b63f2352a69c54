// Moves rows of a list: by their arrows without a new page, and by dragging. Without this the arrows ask the server.
for (const list of document.querySelectorAll('[data-behaviour~="move-rows"]')) {
  const status = list.parentElement.querySelector("[data-told]");
  let dragged = null;

  function tell(row) {
    const name = row.querySelector("label").textContent.trim();
    const place = [...list.children].indexOf(row) + 1;
    status.textContent = list.dataset.said.replace("{name}", name).replace("{place}", place);
  }

  list.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!button) return;
    event.preventDefault();
    const row = button.closest("li");
    if (button.name === "up") row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    button.focus();
    tell(row);
  });

  for (const row of list.children) row.draggable = true;
  list.addEventListener("dragstart", (event) => {
    dragged = event.target.closest("li");
    event.dataTransfer.effectAllowed = "move";
    dragged.classList.add("desk-rows__dragged");
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("li");
    if (!dragged || !over) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    if (over !== dragged) over[event.clientY < top + height / 2 ? "before" : "after"](dragged);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => {
    dragged.classList.remove("desk-rows__dragged");
    tell(dragged);
    dragged = null;
  });
}
