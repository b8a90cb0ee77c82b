// Draws each table that asks for it as a chart above it; the table stays, folded, for whoever would rather read.
// The first column names the bars, every other column is a series.
"use strict";

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function read(table) {
  const series = [...table.tHead.rows[0].cells].slice(1).map((cell) => ({ name: cell.textContent, tone: cell.dataset.tone }));
  const rows = [...table.tBodies[0].rows].map((row) => [...row.cells]);
  return {
    labels: rows.map((cells) => cells[0].textContent.trim()),
    series: series.map((one, n) => ({ ...one, values: rows.map((cells) => Number(cells[n + 1].textContent)) })),
  };
}

function options(table, lying) {
  const lines = { color: colour("line") };
  const words = { color: colour("text"), autoSkip: !lying, precision: 0 };
  const counted = { stacked: true, beginAtZero: true, grid: lines, ticks: words };
  const named = { stacked: true, grid: { display: false }, ticks: words };
  return {
    indexAxis: lying ? "y" : "x",
    animation: false,
    maintainAspectRatio: false,
    scales: lying ? { x: counted, y: named } : { x: named, y: counted },
    plugins: { legend: { display: table.tHead.rows[0].cells.length > 2, labels: { color: colour("text") } } },
  };
}

function draw(table) {
  const { labels, series } = read(table);
  const lying = table.dataset.chart === "names";
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${table.caption.textContent}: the table beneath says the same.`);
  const frame = document.createElement("div");
  frame.className = "chart";
  frame.append(canvas);
  const fold = table.closest("details");
  fold.before(frame);
  fold.open = false;
  let chart = null;
  const paint = () => {
    chart?.destroy();
    const datasets = series.map(({ name, tone, values }) => ({
      label: name, data: values, backgroundColor: colour(tone), maxBarThickness: 28,
    }));
    chart = new Chart(canvas, { type: "bar", data: { labels, datasets }, options: options(table, lying) });
  };
  paint();
  dark.addEventListener("change", paint);
  frame.dataset.drawn = "yes";
}

document.querySelectorAll("table[data-chart]").forEach(draw);
