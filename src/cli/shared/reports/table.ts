/** The table of metrics on a page, and how such pages look. */
import { escapeHtml } from './page.ts';
import { type Column, format, METRICS } from './text.ts';

/** The table of all metrics, each with its interval below. */
export function metricsHtml(columns: readonly Column[]): string {
  const head = columns.map(({ heading }) => `<th scope="col">${escapeHtml(heading)}</th>`).join('');
  const rows = (Object.keys(METRICS) as (keyof typeof METRICS)[]).map((name) => {
    const { label, digits } = METRICS[name];
    const cells = columns.map(({ estimate }) => {
      const found = estimate(name);
      if (!found) return '<td></td>';
      const { value, interval } = format(found, digits);
      return `<td>${value}<small>${interval}</small></td>`;
    });
    return `<tr><th scope="row">${escapeHtml(label)}</th>${cells.join('')}</tr>`;
  });
  return `<div class="wide" role="region" aria-label="Metrics" tabindex="0"><table><thead><tr><td></td>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

export const REPORT_STYLE = `
:root { color-scheme: light dark; --quiet: light-dark(#666, #999); --line: light-dark(#ddd, #444);
  --ground: light-dark(#fff, #181818); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  background: var(--ground); color: light-dark(#111, #eee); }
h1, h2 { line-height: 1.2; text-wrap: balance; }
h2 { margin: 2.5rem 0 .75rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody th { font-weight: normal; white-space: pre; }
:is(th, td):first-child { position: sticky; left: 0; background: var(--ground); }
small { display: block; color: var(--quiet); white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; font-size: .9rem; }
dt { color: var(--quiet); overflow-wrap: anywhere; } dd { margin: 0; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); gap: 1.5rem 1rem; }
figure { margin: 0; } figure div { display: grid; grid-template-columns: repeat(3, 1fr); gap: 4px; }
figure img { display: block; width: 100%; height: auto; }
figcaption { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: .85rem; color: var(--quiet); }
figcaption b { flex-basis: 100%; overflow-wrap: anywhere; font-weight: 600; color: light-dark(#111, #eee); }
@media (max-width: 40rem) {
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  tbody th { white-space: pre-wrap; min-width: 6.5rem; }
}
`;
