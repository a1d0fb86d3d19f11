import { Html, html } from "../html.ts";
import { shortNumber } from "../describe-scores.ts";
import { type Column, columnsOf, ordered } from "./columns.ts";
import { type Comparison, describeBudget, type FailedRow, type FinishedRow } from "./comparison.ts";

/** PNG bytes of the samples of each family, and of the data itself. */
export interface Pictures {
  readonly real: Uint8Array;
  readonly samples: Readonly<Record<string, Uint8Array>>;
}

const style = `
:root { color-scheme: light dark; --line: #0002; --dim: #555; --back: #fff; --text: #1a1a1a; --first: #1f6fb214; }
@media (prefers-color-scheme: dark) {
  :root { --line: #fff3; --dim: #aaa; --back: #16181c; --text: #e8e8e8; --first: #9ec5e820; }
}
body { margin: 0 auto; max-width: 90rem; padding: 1.5rem 1rem 4rem; background: var(--back); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.2; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
p, li, dd { max-width: 46rem; }
.dim, dt + dd, figcaption span, .why { color: var(--dim); }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(17rem, 100%), 1fr)); gap: 1.25rem; }
figure { margin: 0; } figcaption { margin-top: .35rem; font-weight: 600; } figcaption span { font-weight: 400; }
img { width: 100%; height: auto; image-rendering: pixelated; border-radius: .25rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .45rem .6rem; border-bottom: 1px solid var(--line); }
tbody tr:first-child:not(.dim) { background: var(--first); }
.why { font-size: .8rem; }
td:has(.nats) { min-width: 11rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; } dd { margin: 0; }
code { font-size: .9em; overflow-wrap: anywhere; }
@media (max-width: 80rem) {
  thead { display: none; } table, tbody, tr, th, td { display: block; }
  tr { border: 1px solid var(--line); border-radius: .5rem; margin-bottom: 1rem; padding: .3rem 0; }
  td { display: grid; grid-template-columns: 9rem 1fr; gap: .5rem; border: 0; padding: .15rem .75rem; }
  td:empty { display: none; }
  td::before { content: attr(data-title); color: var(--dim); }
  th { border: 0; font-size: 1.05rem; padding: .3rem .75rem; }
  dl { grid-template-columns: 1fr; } dd { margin-bottom: .5rem; }
}`;

/** A comparison as one page that needs nothing else: pictures inside, no script, light and dark, wide and narrow. */
export function comparisonPage(comparison: Comparison, pictures: Pictures): string {
  const { plan, rows, classifier, backend } = comparison;
  const kind = plan.data.name === "points" ? "points" : "images";
  const columns = columnsOf(kind);
  const finished = ordered(
    rows.filter((row): row is FinishedRow => "config" in row),
    columns,
  );
  const failed = rows.filter((row): row is FailedRow => "failed" in row);
  const what = plan.data.name === "points" ? plan.data.set : plan.data.name;
  const judge = classifier
    ? html`<p>
        All images are judged by one classifier
        (<code>${classifier.hash}</code>${
          classifier.heldOutAccuracy === null
            ? ""
            : `, which reads ${(100 * classifier.heldOutAccuracy).toFixed(1)} % of held-out images right`
        }).
        Numbers in brackets are intervals of 95 %.
      </p>`
    : html`<p>Numbers in brackets are intervals of 95 %.</p>`;
  const command = `gen compare ${rows.map(({ task }) => task).join(",")} --preset ${plan.preset} ${
    "minutes" in plan.budget
      ? `--minutes ${plan.budget.minutes}`
      : `--examples ${plan.budget.examples}`
  } --count ${plan.count} --held-out ${plan.heldOut} --seed ${plan.seed}${plan.set.map((s) => ` --set ${s}`).join("")}`;
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Families of models on ${what}</title>
        <style>
          ${new Html(style)}
        </style>
      </head>
      <body>
        <h1>Families of models on ${what}</h1>
        <p>
          Each had the same budget: <strong>${describeBudget(plan.budget)}</strong>, with its preset
          <code>${plan.preset}</code>, on the same data (${describeData(plan.data)}), by ${backend}.
          Of each, ${plan.count} samples were drawn with its usual settings, or as many as took no
          longer than its training.
        </p>
        ${judge}
        <h2>Samples</h2>
        <div class="pictures">
          <figure>
            ${image(pictures.real, "Examples of the data")}
            <figcaption>The data</figcaption>
          </figure>
          ${finished.map(
            ({ task, sampling }) =>
              html`<figure>
                ${image(pictures.samples[task] as Uint8Array, `Samples of ${task}`)}
                <figcaption>${task} <span>${describeSampling(sampling)}</span></figcaption>
              </figure>`,
          )}
        </div>
        <h2>Numbers</h2>
        <p class="dim">
          Rows are in the order of the first column, the best first; the last row is what held-out
          examples of the data reach themselves.
        </p>
        <table>
          <thead>
            <tr>
              <th scope="col">Family</th>
              ${columns.map(({ title }) => html`<th scope="col">${title}</th>`)}
            </tr>
          </thead>
          <tbody>
            ${finished.map(
              (row) =>
                html`<tr id="${row.task}">
                  <th scope="row">${row.task}</th>
                  ${columns.map((column) => cell(column, row))}
                </tr>`,
            )}
            ${dataRow(finished, columns)}
          </tbody>
        </table>
        ${
          failed.length > 0
            ? html`<h2>Not in the table</h2>
                <ul>
                  ${failed.map(({ task, failed: why }) => html`<li><strong>${task}</strong>: ${why}</li>`)}
                </ul>`
            : html``
        }
        <h2>What the columns mean</h2>
        <dl>
          ${columns.map(
            ({ title, about }) =>
              html`<dt>${title}</dt>
                <dd>${about}</dd>`,
          )}
        </dl>
        <h2>Again</h2>
        <p><code>${command}</code></p>
      </body>
    </html> `.text;
}

function cell({ name, title, cell: read }: Column, row: FinishedRow): Html {
  const found = read(row);
  return "value" in found
    ? html`<td data-title="${title}">
        <data class="${name}" value="${found.value}">${found.text}</data>
      </td>`
    : html`<td data-title="${title}"><span class="why">– ${found.why}</span></td>`;
}

/** What the data itself reaches, where that is known. */
function dataRow(rows: readonly FinishedRow[], columns: readonly Column[]): Html {
  const cells = columns.map(({ title, data }) => {
    const value = rows.map((row) => data?.(row)).find((each) => typeof each === "number");
    return value === undefined || value === null
      ? html`<td></td>`
      : html`<td data-title="${title}">${shortNumber(value)}</td>`;
  });
  return html`<tr class="dim">
    <th scope="row">held-out data</th>
    ${cells}
  </tr>`;
}

function image(png: Uint8Array, alt: string): Html {
  return html`<img
    alt="${alt}"
    src="data:image/png;base64,${Buffer.from(png).toString("base64")}"
  />`;
}

function describeData(data: Comparison["plan"]["data"]): string {
  const { name, ...rest } = data;
  const details = Object.entries(rest).map(([key, value]) => `${key} ${value}`);
  return `${name}: ${details.join(", ")}`;
}

function describeSampling(sampling: FinishedRow["sampling"]): string {
  return Object.entries(sampling)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
