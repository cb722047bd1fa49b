"use strict";
document.documentElement.classList.remove("no-script");

const GRADES = { error: 0, warning: 1, info: 2 };
const list = document.getElementById("findings");
const cards = list ? [...list.querySelectorAll("article")] : [];
const words = document.getElementById("words");
const order = document.getElementById("order");
const grades = [...document.querySelectorAll("input[name=grade]")];

function compare(by) {
  return (a, b) => {
    const first = a.dataset, second = b.dataset;
    const found = by === "count" ? second.count - first.count
      : by === "severity" ? GRADES[first.severity] - GRADES[second.severity]
      : by === "check" ? first.check.localeCompare(second.check)
      : by === "where" ? first.where.localeCompare(second.where) : 0;
    return found || first.place - second.place;
  };
}

function show() {
  const wanted = words.value.trim().toLowerCase();
  const on = new Set(grades.filter((one) => one.checked).map((one) => one.value));
  let shown = 0;
  for (const card of [...cards].sort(compare(order.value))) {
    card.hidden = !on.has(card.dataset.severity) || !card.textContent.toLowerCase().includes(wanted);
    shown += card.hidden ? 0 : 1;
    list.append(card);
  }
  document.getElementById("shown").textContent = `${shown} of ${cards.length} root causes`;
}

if (cards.length) {
  for (const control of [words, order, ...grades])
    for (const event of ["input", "change"]) control.addEventListener(event, show);
  show();
}

const checks = document.getElementById("checks");
const sought = document.getElementById("sought");
if (checks) {
  const body = checks.tBodies[0];
  const rows = [...body.rows];
  sought.addEventListener("input", () => {
    const wanted = sought.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  checks.tHead.querySelectorAll("th").forEach((head, column) => {
    head.querySelector("button").addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      checks.tHead.querySelectorAll("th").forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((a, b) => a.cells[column].textContent.localeCompare(b.cells[column].textContent) * (down ? -1 : 1));
      body.append(...rows);
    });
  });
}

// What is folded on the screen is wanted on paper.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details:not([open])")];
  for (const one of opened) one.open = true;
});
addEventListener("afterprint", () => { for (const one of opened) one.open = false; });
