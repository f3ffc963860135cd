/**
 * Plots as plain SVG text: bars and lines on a linear or logarithmic axis. No scripts, no fonts of its own, readable on
 * a light and on a dark page (text and grid take the page's colour where it offers one).
 */

export interface Bar {
  readonly label: string
  readonly value: number
  readonly min?: number
  readonly max?: number
  readonly isOwn?: boolean
}

export interface BarPlot {
  readonly title: string
  readonly unit: string
  readonly bars: readonly Bar[]
  /** Logarithmic: for values that differ by orders of magnitude. */
  readonly log?: boolean
}

export interface LinePlot {
  readonly title: string
  readonly unit: string
  readonly xTitle: string
  readonly lines: ReadonlyArray<{
    readonly label: string, readonly points: ReadonlyArray<readonly [number, number]>, readonly isOwn?: boolean
  }>
  readonly log?: boolean
  /** A vertical mark with its words. */
  readonly mark?: { readonly x: number, readonly label: string }
}

const OWN = ['#0a7d5a', '#43a883', '#8fcfb5', '#2f5d50']
const OTHERS = ['#8a8f98', '#b8763e', '#5b7db1', '#a05c8c', '#b5a642', '#6f9aa8', '#c2594f', '#7a6fb0']
const STYLE = '<style>text{font:12px system-ui,sans-serif;fill:#24292f}.t{font-size:14px;font-weight:600}' +
  '.g{stroke:#d0d7de;stroke-width:1}@media(prefers-color-scheme:dark){text{fill:#d0d7de}.g{stroke:#3d444d}}</style>'

function escapeText (text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}

function text (x: number, y: number, words: string, extra = ''): string {
  return `<text x="${round(x)}" y="${round(y)}" ${extra}>${escapeText(words)}</text>`
}

function round (value: number): number {
  return Math.round(value * 10) / 10
}

/** Three significant digits, thousands in groups. */
export function shortNumber (value: number): string {
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return String(Number(value.toPrecision(3)))
}

interface Scale {
  readonly at: (value: number) => number
  readonly ticks: readonly number[]
}

/** From a range of values to 0..1. */
function scaleOf (low: number, high: number, isLog: boolean): Scale {
  if (isLog) {
    const from = Math.floor(Math.log10(Math.max(low, 1e-6)))
    const to = Math.max(from + 1, Math.ceil(Math.log10(Math.max(high, 1e-6))))
    return {
      at: value => Math.max(0, (Math.log10(Math.max(value, 1e-9)) - from) / (to - from)),
      ticks: Array.from({ length: to - from + 1 }, (_, i) => 10 ** (from + i))
    }
  }
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(high, 1e-9)))
  const step = [0.2, 0.5, 1, 2].map(part => part * magnitude).find(one => high / one <= 6) ?? magnitude
  const top = Math.ceil(high / step) * step || 1
  return { at: value => value / top, ticks: Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step) }
}

export function barPlot ({ title, unit, bars, log = false }: BarPlot): string {
  const [left, top, row, width] = [190, 44, 24, 520]
  const height = top + bars.length * row + 34
  const values = bars.flatMap(({ value, min, max }) => [value, min ?? value, max ?? value]).filter(value => value > 0)
  const scale = scaleOf(Math.min(...values), Math.max(...values), log)
  const x = (value: number): number => left + scale.at(value) * width
  const bottom = top + bars.length * row
  const parts = [
    text(8, 22, `${title}, ${unit}${log ? ' (logarithmic)' : ''}`, 'class="t"'),
    ...scale.ticks.flatMap(tick => [
      `<line class="g" x1="${round(x(tick))}" y1="${top - 4}" x2="${round(x(tick))}" y2="${bottom}"/>`,
      text(x(tick), bottom + 18, shortNumber(tick), 'text-anchor="middle"')
    ]),
    ...bars.flatMap(({ label, value, min, max, isOwn = false }, index) => {
      const y = top + index * row
      return [
        text(left - 8, y + 15, label, 'text-anchor="end"'),
        `<rect x="${left}" y="${y + 3}" width="${round(Math.max(1, x(value) - left))}" height="${row - 7}" ` +
          `fill="${isOwn ? OWN[0]! : OTHERS[0]!}"/>`,
        ...(min === undefined || max === undefined || max <= min
          ? []
          : [`<line x1="${round(x(min))}" y1="${y + 11}" x2="${round(x(max))}" y2="${y + 11}" ` +
            'stroke="currentColor" stroke-width="1.5"/>']),
        text(Math.max(x(value), x(max ?? value)) + 6, y + 15, shortNumber(value))
      ]
    })
  ]
  return svg(left + width + 90, height, title, parts)
}

export function linePlot ({ title, unit, xTitle, lines, log = false, mark }: LinePlot): string {
  const [left, top, width, plotHeight, legend] = [64, 40, 560, 280, 190]
  const points = lines.flatMap(line => line.points)
  const ys = points.map(([, y]) => y).filter(y => y > 0)
  const scale = scaleOf(Math.min(...ys), Math.max(...ys), log)
  const xs = points.map(([x]) => x)
  const [firstX, lastX] = [Math.min(...xs), Math.max(...xs)]
  const x = (value: number): number => left + (value - firstX) / Math.max(1e-9, lastX - firstX) * width
  const y = (value: number): number => top + plotHeight * (1 - scale.at(value))
  const xTicks = scaleOf(0, lastX, false).ticks.filter(tick => tick >= firstX && tick <= lastX)
  let [own, other] = [0, 0]
  const parts = [
    text(8, 22, `${title}, ${unit}${log ? ' (logarithmic)' : ''}`, 'class="t"'),
    ...scale.ticks.flatMap(tick => [
      `<line class="g" x1="${left}" y1="${round(y(tick))}" x2="${left + width}" y2="${round(y(tick))}"/>`,
      text(left - 8, y(tick) + 4, shortNumber(tick), 'text-anchor="end"')
    ]),
    ...xTicks.map(tick => text(x(tick), top + plotHeight + 18, shortNumber(tick), 'text-anchor="middle"')),
    text(left + width / 2, top + plotHeight + 36, xTitle, 'text-anchor="middle"'),
    ...(mark === undefined
      ? []
      : [
          `<line class="g" x1="${round(x(mark.x))}" y1="${top}" x2="${round(x(mark.x))}" y2="${top + plotHeight}" ` +
            'stroke-dasharray="4 3"/>',
          text(x(mark.x) + 4, top + 10, mark.label)
        ]),
    ...lines.flatMap(({ label, points, isOwn = false }, index) => {
      const colour = isOwn ? OWN[own++ % OWN.length]! : OTHERS[other++ % OTHERS.length]!
      const path = points.map(([px, py]) => `${round(x(px))},${round(y(py))}`).join(' ')
      const legendY = top + 10 + index * 18
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${isOwn ? 2.5 : 1.4}"/>`,
        `<line x1="${left + width + 14}" y1="${legendY}" x2="${left + width + 34}" y2="${legendY}" ` +
          `stroke="${colour}" stroke-width="3"/>`,
        text(left + width + 40, legendY + 4, label)
      ]
    })
  ]
  return svg(left + width + legend, top + plotHeight + 48, title, parts)
}

function svg (width: number, height: number, title: string, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" role="img" style="color:#24292f">\n<title>${escapeText(title)}</title>${STYLE}\n` +
    parts.join('\n') + '\n</svg>\n'
}
