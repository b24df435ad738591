// "." opens the next page of the kit and "," the one before, wherever the focus is but in a field.
addEventListener(
  "keydown",
  (event) => {
    const way = { ".": "next", ",": "previous" }[event.key];
    const field = event.composedPath()[0];
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return;
    if (field instanceof Element && field.matches("input:not([type=range]), select, textarea")) return;
    const link = document.querySelector(`nav a.${way}, ol.demos[data-way=${way}] a`);
    if (link) location.href = link.href;
  },
  { capture: true },
);
