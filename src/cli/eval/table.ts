/** The table of metrics on a page, and how such pages look. */
import { escapeHtml } from '../html.ts';
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
:root { color-scheme: light dark; --quiet: light-dark(#666, #999); --line: light-dark(#ddd, #444); }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
  background: light-dark(#fff, #181818); color: light-dark(#111, #eee); }
h1, h2 { line-height: 1.2; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem 1.2rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody th { font-weight: normal; white-space: pre; }
small { display: block; color: var(--quiet); white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; font-size: .9rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(30rem, 100%), 1fr)); gap: 1rem; }
figure { margin: 0; } figure div { display: flex; gap: 4px; }
figure img { width: calc((100% - 8px) / 3); height: auto; }
figcaption { font-size: .85rem; color: var(--quiet); overflow-wrap: anywhere; }
`;
