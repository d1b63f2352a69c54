// Whoever has pressed a button is on the way to what it brings: a part of the old page that is
// still being asked for must not load that page anew, which would take the press back.
let leaving = false;

addEventListener("submit", (event) => {
  leaving ||= !event.defaultPrevented;
});
addEventListener("pageshow", () => {
  leaving = false;
});
addEventListener("htmx:beforeOnLoad", (event) => {
  if (leaving) event.preventDefault();
});
