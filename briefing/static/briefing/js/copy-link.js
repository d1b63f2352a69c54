// Copies the article's address. The button is hidden until this runs: without scripts it could do nothing.

const SHOWN_MILLISECONDS = 2500;

for (const button of document.querySelectorAll('[data-behaviour~="copy-link"]')) {
  const item = button.closest("[hidden]");
  if (!navigator.clipboard) continue;
  item?.removeAttribute("hidden");
  const label = button.textContent;

  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.url);
      button.textContent = button.dataset.done;
    } catch {
      // The browser was told not to allow it: show the address, to be copied by hand.
      button.textContent = button.dataset.url;
      return;
    }
    setTimeout(() => {
      button.textContent = label;
    }, SHOWN_MILLISECONDS);
  });
}
