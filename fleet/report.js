"use strict";
const table = document.querySelector("table");
const body = table.tBodies[0];
const heads = [...table.tHead.rows[0].cells];
const filters = document.querySelector(".filters");
const status = document.querySelector(".shown");

// Numbers by size, words by the alphabet; what is not known stays at the end either way.
function compare(one, other, turned) {
  if (one === "" || other === "") return (one === "") - (other === "");
  const difference = one - other;
  const order = Number.isNaN(difference) ? one.localeCompare(other, "en", { numeric: true }) : difference;
  return turned ? -order : order;
}

function sort(head) {
  const turned = head.getAttribute("aria-sort") === "ascending";
  heads.forEach((one) => one.setAttribute("aria-sort", "none"));
  head.setAttribute("aria-sort", turned ? "descending" : "ascending");
  const order = (row) => row.cells[head.cellIndex].dataset.order;
  body.append(...[...body.rows].sort((one, other) => compare(order(one), order(other), turned)));
}

function filter(chosen) {
  for (const one of filters.children) {
    one.setAttribute("aria-pressed", String(one.dataset.filter === chosen));
  }
  for (const one of document.querySelectorAll("[data-state]")) {
    one.hidden = chosen !== "" && one.dataset.state !== chosen;
  }
  const shown = [...body.rows].filter((row) => !row.hidden).length;
  status.textContent = `${shown} of ${body.rows.length} shown`;
}

heads.forEach((head) => head.firstChild.addEventListener("click", () => sort(head)));
filters.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (button) filter(button.dataset.filter);
});
// What is folded on the screen would be missing on paper.
addEventListener("beforeprint", () => {
  for (const one of document.querySelectorAll("details")) one.open = true;
});
filters.hidden = false;
filter("");
