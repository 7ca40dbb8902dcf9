/**
 * docs/ops-table.md lists every op with what it computes and whether it has a gradient. After a change:
 *
 *   npx vitest run test/graph/ops_table.test.ts -u
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import type { NoGradient } from '../../src/graph/node.ts';
import { allOps } from '../../src/graph/ops/index.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = 'src/graph/ops';

const REASONS: Record<NoGradient, string> = {
  source: 'no inputs',
  backward: 'part of a gradient',
  fused: 'made by passes, after differentiation',
  data: 'reads bytes',
  inference: 'inference only',
};

/** Op by name: the file that defines it, and the first sentence of its doc comment. */
function definitions(): Map<string, { file: string; doc: string }> {
  const found = new Map<string, { file: string; doc: string }>();
  for (const file of readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith('.ts')) continue;
    const source = readFileSync(join(root, folder, file), 'utf8');
    const ops = source.matchAll(
      /(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*)?export const \w+[^=]*= defineOp[^(]*\(\{\s*name: '(\w+)'/g,
    );
    for (const [, comment = '', name] of ops) {
      const doc = comment
        .replace(/^\s*\* ?/gm, ' ')
        .replace(/\s+/g, ' ')
        .trim();
      found.set(name!, { file: `${folder}/${file}`, doc: doc.replace(/(?<=\.) .*/, '') });
    }
  }
  return found;
}

test('the table of ops is fresh', async () => {
  const known = definitions();
  expect(allOps.filter(({ name }) => !known.get(name)?.doc).map(({ name }) => name)).toEqual([]);
  const rows = [...allOps]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, gradient }) => {
      const { file, doc } = known.get(name)!;
      const cells = [`[\`${name}\`](../${file})`, doc.replaceAll('|', '\\|')];
      return { hasGradient: typeof gradient !== 'string', line: `| ${cells.join(' | ')} |`, gradient };
    });
  const differentiable = rows.filter(({ hasGradient }) => hasGradient);
  const others = rows.filter(({ hasGradient }) => !hasGradient);
  const page = `# Ops of the graph

<!-- Written by test/graph/ops_table.test.ts from the ops and their doc comments. -->

${allOps.length} ops; ${differentiable.length} have a gradient. How each is declared: [adding an op](ops.md).

## With a gradient

| op | computes |
|---|---|
${differentiable.map(({ line }) => line).join('\n')}

## Without

| op | computes | why |
|---|---|---|
${others.map(({ line, gradient }) => `${line} ${REASONS[gradient as NoGradient]} |`).join('\n')}

"Inference only" ops come from imported ONNX files, whose networks are frozen: a loss that depends on a parameter through
one of them is refused by \`gradients\`.
`;
  await expect(page).toMatchFileSnapshot(join(root, 'docs/ops-table.md'));
});
