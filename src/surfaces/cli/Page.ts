/**
 * Pages: one HTML file that needs nothing else.
 *
 * In: a title, lines of HTML, texts, figures. Out: HTML with its styles inside. Promises: no script and nothing from the
 * network; readable on a phone, on light and dark ground; texts are escaped by `escaped`, `table`, `figure` and `document`.
 */
const STYLE = `
:root{color-scheme:light dark;--ground:#fff;--ink:#1c2330;--soft:#5d6675;--line:#dfe3ea;--card:#f7f8fa}
@media(prefers-color-scheme:dark){:root{--ground:#12161d;--ink:#e7eaf0;--soft:#98a1b0;--line:#2b323d;--card:#191f28}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1080px;padding:1.2rem;background:var(--ground);color:var(--ink);
font:16px/1.5 system-ui,sans-serif}
h1{font-size:1.5rem;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .6rem}
p{margin:.4rem 0}.soft{color:var(--soft);overflow-wrap:anywhere}
.mark{background:#f59e0b;color:#1c1300;padding:.5rem .8rem;border-radius:.4rem;font-weight:600}
.cards{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,22rem),1fr))}
figure{margin:0;padding:.8rem;background:var(--card);border:1px solid var(--line);border-radius:.6rem}
figcaption{font-weight:600;margin-bottom:.4rem}svg{display:block;width:100%;height:auto}
.wide{overflow-x:auto;margin:.7rem 0}table{border-collapse:collapse;width:100%;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.35rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child{text-align:left}th{color:var(--soft);font-weight:600}`

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

export const table = (names: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): string => {
  const line = (tag: "th" | "td", cells: ReadonlyArray<string>): string =>
    `<tr>${cells.map((cell) => `<${tag}>${escaped(cell)}</${tag}>`).join("")}</tr>`
  return `<div class="wide"><table><thead>${line("th", names)}</thead><tbody>${
    rows.map((row) => line("td", row)).join("\n")
  }</tbody></table></div>`
}

export const figure = (caption: string, svg: string): string =>
  `<figure role="img" aria-label="${escaped(caption)}"><figcaption>${escaped(caption)}</figcaption>${svg}</figure>`

/** Empty lines are left out. */
export const document = (title: string, lines: ReadonlyArray<string>): string =>
  [
    `<!doctype html>`,
    `<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">`,
    `<title>${escaped(title)}</title><style>${STYLE}</style></head><body>`,
    ...lines.filter((line) => line !== ""),
    `</body></html>`,
    "",
  ].join("\n")
