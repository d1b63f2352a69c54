// Swagger UI has dark colours of its own, which it wears when it is told to and not when the reader's system asks.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

dark.addEventListener("change", follow);
follow();
