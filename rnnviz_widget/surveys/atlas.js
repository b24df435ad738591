// The table of units: a search, and an order by any column. Both are in the address, so that a link shows the same.
const table = document.querySelector("table.units");
if (table) {
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const heads = [...table.tHead.rows[0].cells];
  const field = document.querySelector(".search input");
  const count = document.querySelector(".search output");
  const words = rows.map((row) => row.textContent.toLowerCase());
  const key = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent;

  const show = () => {
    const asked = new URLSearchParams(location.hash.slice(1));
    const said = asked.get("find") ?? "";
    if (field.value !== said) field.value = said;
    const parts = said.toLowerCase().split(/\s+/).filter(Boolean);
    const column = heads.findIndex((head) => head.dataset.column === asked.get("by"));
    const way = asked.get("way") === "up" ? 1 : -1;
    heads.forEach((head, i) => {
      if (i !== column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", way > 0 ? "ascending" : "descending");
    });
    const order = rows.map((row, i) => i);
    if (column >= 0) {
      const keys = rows.map((row) => key(row, column));
      const numbers = keys.map(Number);
      const numeric = heads[column].classList.contains("number");
      order.sort((a, b) => {
        if (!numeric) return way * keys[a].localeCompare(keys[b], undefined, { numeric: true }) || a - b;
        if (Number.isNaN(numbers[a]) || Number.isNaN(numbers[b])) return Number.isNaN(numbers[a]) - Number.isNaN(numbers[b]) || a - b;
        return way * (numbers[a] - numbers[b]) || a - b;
      });
    }
    let shown = 0;
    for (const i of order) {
      const fits = parts.every((part) => words[i].includes(part));
      rows[i].hidden = !fits;
      shown += fits;
    }
    body.append(...order.map((i) => rows[i]));
    count.textContent = `${shown} of ${rows.length} units`;
  };
  const ask = (changes) => {
    const asked = new URLSearchParams(location.hash.slice(1));
    for (const [name, value] of Object.entries(changes)) {
      if (value) asked.set(name, value);
      else asked.delete(name);
    }
    history.replaceState(null, "", `#${asked}`);
    show();
  };
  field.addEventListener("input", () => ask({ find: field.value }));
  for (const head of heads) {
    head.querySelector("button")?.addEventListener("click", () => {
      const up = head.getAttribute("aria-sort") === "descending";
      ask({ by: head.dataset.column, way: up ? "up" : "" });
    });
  }
  addEventListener("hashchange", show);
  show();
  document.querySelector(".search").hidden = false;
}

// "/" goes to the search; "." and "," to the next and the previous unit.
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input")) return;
  const field = document.querySelector(".search input");
  if (event.key === "/" && field) {
    event.preventDefault();
    field.focus();
  }
  const way = { ".": "next", ",": "previous" }[event.key];
  const link = way && document.querySelector(`nav a.${way}`);
  if (link) location.href = link.href;
});
