// Counts the last day to a moment down by the second; the server has written how long it is anyway.
const DAY = 24 * 60 * 60;

for (const element of document.querySelectorAll('[data-behaviour~="count-down"]')) {
  const until = Date.parse(element.dataset.until);

  function show() {
    const left = Math.round((until - Date.now()) / 1000);
    if (left <= 0) clearInterval(ticking);
    if (left < 0 || left > DAY) return;
    const parts = [Math.floor(left / 3600), Math.floor(left / 60) % 60, left % 60];
    element.textContent = parts.map((part) => String(part).padStart(2, "0")).join(":");
  }

  const ticking = setInterval(show, 1000);
  show();
}
