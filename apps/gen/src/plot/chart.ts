import { formatNumber } from "../format.ts";
import { linearTicks, logarithmicTicks } from "./ticks.ts";

export interface Axis {
  label?: string;
  logarithmic?: boolean;
  /** The ends; those of what is drawn if left out. */
  low?: number;
  high?: number;
}

export interface Line {
  points: readonly (readonly [x: number, y: number])[];
  color: string;
  /** Default 2. */
  width?: number;
  opacity?: number;
  /** A dot at each point. */
  dots?: boolean;
}

export interface Chart {
  title: string;
  x: Axis;
  y: Axis;
  lines: readonly Line[];
  /** Points without lines between them: their radius is in pixels. */
  scatter?: readonly { points: Line["points"]; color: string; radius: number }[];
  /** The name of a picture in `Page.shared` that fills the plot, drawn first. */
  under?: string;
}

export interface Page {
  /** Of one chart, without the words around it. */
  width?: number;
  height?: number;
  /** Charts in a row. Default all. */
  columns?: number;
  /** What the colours mean. */
  legend?: readonly { name: string; color: string }[];
  /** Pictures in the unit square, y down, that charts draw under their lines. */
  shared?: Readonly<Record<string, string>>;
}

const MARGIN = { left: 58, right: 14, top: 30, bottom: 42 };
const LEGEND_ROW = 20;

/** Colours that can be told apart, also by the colour-blind (Okabe and Ito). */
export const colors: readonly string[] = [
  "#0072b2",
  "#d55e00",
  "#009e73",
  "#cc79a7",
  "#e69f00",
  "#56b4e9",
  "#000000",
  "#999933",
  "#882255",
  "#44aa99",
  "#117733",
  "#ddaa33",
];

export function colorOf(index: number): string {
  return colors[index % colors.length] as string;
}

/** Charts side by side as one SVG. */
export function drawCharts(charts: readonly Chart[], page: Page = {}): string {
  const { width = 320, height = 240, legend = [], shared = {} } = page;
  const columns = Math.min(page.columns ?? charts.length, charts.length);
  const [cellWidth, cellHeight] = [
    width + MARGIN.left + MARGIN.right,
    height + MARGIN.top + MARGIN.bottom,
  ];
  const fullWidth = columns * cellWidth;
  const keys = legendRows(legend, fullWidth);
  const rows = Math.ceil(charts.length / columns);
  const fullHeight = rows * cellHeight + keys.rows * LEGEND_ROW + (keys.rows > 0 ? 6 : 0);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${fullWidth}" height="${fullHeight}" viewBox="0 0 ${fullWidth} ${fullHeight}" font-family="sans-serif" font-size="12" fill="#333">`,
    `<rect width="${fullWidth}" height="${fullHeight}" fill="#fff"/>`,
    `<defs><clipPath id="plot"><rect width="${width}" height="${height}"/></clipPath>`,
    ...Object.entries(shared).map(([name, svg]) => `<g id="${name}">${svg}</g>`),
    "</defs>",
    ...charts.map((chart, i) => {
      const left = (i % columns) * cellWidth + MARGIN.left;
      const top = Math.floor(i / columns) * cellHeight + MARGIN.top;
      return `<g transform="translate(${left} ${top})">\n${drawChart(chart, width, height)}\n</g>`;
    }),
    `<g transform="translate(${MARGIN.left} ${rows * cellHeight})">${keys.svg}</g>`,
    "</svg>\n",
  ].join("\n");
}

function drawChart(chart: Chart, width: number, height: number): string {
  const all = [...chart.lines, ...(chart.scatter ?? [])].flatMap(({ points }) => points);
  const x = scale(
    chart.x,
    all.map(([value]) => value),
    0,
    width,
  );
  const y = scale(
    chart.y,
    all.map(([, value]) => value),
    height,
    0,
  );
  const place = ([px, py]: readonly [number, number]): string =>
    `${x.place(px).toFixed(1)} ${y.place(py).toFixed(1)}`;
  const known = (points: Line["points"]): Line["points"] =>
    points.filter(([px, py]) => x.known(px) && y.known(py));
  return [
    `<text y="-12" font-size="14">${escapeXml(chart.title)}</text>`,
    ...(chart.under ? [`<use href="#${chart.under}" transform="scale(${width} ${height})"/>`] : []),
    ...y.ticks.map(
      (tick) =>
        `<path d="M0 ${y.place(tick).toFixed(1)}H${width}" stroke="#8884" stroke-width="0.6"/>` +
        `<text x="-7" y="${(y.place(tick) + 4).toFixed(1)}" text-anchor="end">${formatTick(tick)}</text>`,
    ),
    ...x.ticks.map(
      (tick) =>
        `<path d="M${x.place(tick).toFixed(1)} ${height}v5" stroke="#333"/>` +
        `<text x="${x.place(tick).toFixed(1)}" y="${height + 18}" text-anchor="middle">${formatTick(tick)}</text>`,
    ),
    `<path d="M0 0V${height}H${width}" fill="none" stroke="#333"/>`,
    `<text x="${width / 2}" y="${height + 34}" text-anchor="middle">${escapeXml(chart.x.label ?? "")}</text>`,
    `<text x="-44" y="${height / 2}" text-anchor="middle" transform="rotate(-90 -44 ${height / 2})">${escapeXml(chart.y.label ?? "")}</text>`,
    `<g clip-path="url(#plot)">`,
    ...chart.lines.map(({ points, color, width: stroke = 2, opacity = 1, dots }) => {
      const shown = known(points);
      const path = shown.map((point, i) => `${i === 0 ? "M" : "L"}${place(point)}`).join("");
      const faint = opacity < 1 ? ` opacity="${opacity}"` : "";
      const line = `<path d="${path}" fill="none" stroke="${color}" stroke-width="${stroke}" stroke-linejoin="round"${faint}/>`;
      return dots ? line + dotted(shown, color, stroke + 0.5) : line;
    }),
    ...(chart.scatter ?? []).map(({ points, color, radius }) =>
      dotted(known(points), color, radius),
    ),
    "</g>",
  ].join("\n");

  /** Dots as one path of no length: its round ends are what is seen. */
  function dotted(points: Line["points"], color: string, radius: number): string {
    const path = points.map((point) => `M${place(point)}h0`).join("");
    return `<path d="${path}" fill="none" stroke="${color}" stroke-width="${2 * radius}" stroke-linecap="round"/>`;
  }
}

interface Scale {
  place(value: number): number;
  known(value: number): boolean;
  ticks: number[];
}

function scale(axis: Axis, values: readonly number[], from: number, to: number): Scale {
  const { logarithmic = false } = axis;
  const known = (value: number): boolean => Number.isFinite(value) && (!logarithmic || value > 0);
  const finite = values.filter(known);
  let low = axis.low ?? finite.reduce((least, value) => Math.min(least, value), Infinity);
  let high = axis.high ?? finite.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!(high > low)) {
    const middle = Number.isFinite(low) ? low : 1;
    [low, high] = logarithmic ? [middle / 2, middle * 2] : [middle - 0.5, middle + 0.5];
  }
  const transform = logarithmic ? Math.log : (value: number): number => value;
  const [first, last] = [transform(low), transform(high)];
  return {
    place: (value) => from + ((transform(value) - first) / (last - first)) * (to - from),
    known,
    ticks: logarithmic ? logarithmicTicks(low, high) : linearTicks(low, high),
  };
}

function legendRows(
  legend: NonNullable<Page["legend"]>,
  fullWidth: number,
): { svg: string; rows: number } {
  let [left, row] = [0, 0];
  const svg = legend.map(({ name, color }) => {
    const wide = 34 + 7 * name.length;
    if (left > 0 && left + wide > fullWidth - MARGIN.left) [left, row] = [0, row + 1];
    const [x, y] = [left, row * LEGEND_ROW + 10];
    left += wide;
    return (
      `<path d="M${x} ${y}h16" stroke="${color}" stroke-width="3"/>` +
      `<text x="${x + 21}" y="${y + 4}">${escapeXml(name)}</text>`
    );
  });
  return { svg: svg.join(""), rows: legend.length > 0 ? row + 1 : 0 };
}

function formatTick(tick: number): string {
  const size = Math.abs(tick);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return tick.toExponential(0).replace("e+", "e");
  return formatNumber(tick);
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
