// Sends what is typed into an article's form to be kept, a moment after each pause, until it is saved.
const PAUSE_MILLISECONDS = 2000;
const NAMES = ["headline", "dek", "body", "based_on", "csrfmiddlewaretoken"];

for (const status of document.querySelectorAll('[data-behaviour~="keep-text"]')) {
  const form = document.getElementById("article_form");
  let timer = 0;
  let saving = false;

  async function keep() {
    const body = new FormData();
    for (const name of NAMES) body.set(name, form.elements[name]?.value ?? "");
    try {
      const answer = await fetch(status.dataset.url, { method: "POST", body });
      if (answer.redirected) status.textContent = status.dataset.out;
      else status.textContent = answer.ok ? `${status.dataset.kept} ${new Date().toLocaleTimeString()}` : status.dataset.failed;
    } catch {
      status.textContent = status.dataset.failed;
    }
  }

  form?.addEventListener("input", (event) => {
    if (!event.isTrusted && event.target.name !== "body") return;
    clearTimeout(timer);
    timer = setTimeout(() => { if (!saving) keep(); }, PAUSE_MILLISECONDS);
  });
  form?.addEventListener("submit", () => { saving = true; clearTimeout(timer); });
}
