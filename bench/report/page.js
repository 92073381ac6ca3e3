"use strict";

/** Tables marked data-sortable: the heads of their columns become buttons. */
function makeSortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const ascending = head.getAttribute("aria-sort") !== "ascending";
      heads.forEach((other) => other.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      const numeric = head.classList.contains("number");
      const rows = [...body.rows].map((row) => [row.cells[column].dataset.value, row]);
      rows.sort(([first], [second]) => compared(first, second, numeric, ascending));
      body.append(...rows.map(([, row]) => row));
    });
  });
}

/** The order of two values; where there is none, it comes last either way. */
function compared(first, second, numeric, ascending) {
  if (first === "" || second === "") return (first === "") - (second === "");
  const order = numeric ? number(first) - number(second) : first.localeCompare(second);
  return ascending ? order : -order;
}

/** A number as Python writes it. */
function number(text) {
  return Number(text.replace("inf", "Infinity"));
}

/** A button that goes round the schemes: what the system says, dark, light. */
function offerScheme(button) {
  const root = document.documentElement;
  const isDark = () =>
    (root.dataset.scheme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const show = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.scheme = isDark() ? "light" : "dark";
    show();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  show();
}

/** Beside each sheet of traversals a canvas that goes through its columns, there and back. */
function offerMotion(button, sheets) {
  const TILE = 66, SHOWN = 64, MILLISECONDS = 180;
  const canvases = sheets.map((sheet) => {
    const canvas = document.createElement("canvas");
    canvas.width = SHOWN + 2;
    canvas.height = sheet.naturalHeight;
    canvas.hidden = true;
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", "The same, moving");
    sheet.before(canvas);
    return canvas;
  });
  let frame = 0, timer = 0;
  const draw = () => {
    sheets.forEach((sheet, i) => {
      const columns = Math.round(sheet.naturalWidth / TILE);
      const period = Math.max(1, 2 * columns - 2);
      const place = frame % period;
      const column = place < columns ? place : period - place;
      canvases[i].getContext("2d")
        .drawImage(sheet, column * TILE, 0, TILE, sheet.naturalHeight, 0, 0, TILE, sheet.naturalHeight);
    });
    frame += 1;
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    const moving = button.getAttribute("aria-pressed") !== "true";
    button.setAttribute("aria-pressed", String(moving));
    button.textContent = moving ? "Stop" : "Move all";
    canvases.forEach((canvas) => { canvas.hidden = false; });
    clearInterval(timer);
    if (moving) { draw(); timer = setInterval(draw, MILLISECONDS); }
  });
}

window.addEventListener("load", () => {
  document.querySelectorAll("table[data-sortable]").forEach(makeSortable);
  offerScheme(document.getElementById("scheme"));
  const animate = document.getElementById("animate");
  if (animate) offerMotion(animate, [...document.querySelectorAll("img.sheet")]);
});
