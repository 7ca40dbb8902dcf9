/**
 * Reference of the package's exports (docs/api.md), from the doc comments in the declarations that `npm run build` writes.
 * `node scripts/docs.js` writes it.
 *
 * TypeScript 7 has no stable interface for programs; declarations are simple enough for Vite's parser: each export is
 * followed through re-exports to where it is declared, and printed as it stands there.
 */
import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseSync } from 'vite';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const KINDS = ['Classes', 'Functions', 'Constants', 'Types'];

/** Returns the entry points in package.json's order, each with its exports by name. */
export function packageExports() {
  const { name, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const entries = Object.entries(exports).filter(([, target]) => target.types);
  return entries.map(([path, { types }]) => ({
    name: path.replace('.', name),
    exports: [...exportsOf(join(root, types)).values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  }));
}

/** Returns the text of docs/api.md. */
export function apiReference() {
  const told = new Map();
  const lines = [
    '# API',
    '',
    '<!-- Written by scripts/docs.js from the doc comments in src/: change those. -->',
    '',
    'Every export, in the words of its doc comment. How the parts fit together: [using the package](library.md), and',
    '[examples/](../examples). Arrays are NHWC (N batch, H height, W width, C channels) unless a comment says otherwise.',
  ];
  const entries = packageExports();
  const keys = new Set(entries.flatMap((entry) => entry.exports.map(({ key }) => key)));
  for (const entry of entries) {
    lines.push('', `## \`${entry.name}\``);
    const again = entry.exports.filter(({ key }) => told.has(key));
    const own = entry.exports.filter(({ key }) => !told.has(key));
    for (const { key } of own) told.set(key, entry.name);
    if (again.length > 0) {
      const links = again.map(({ key, name }) => `[${name}](#${name.toLowerCase()}) (\`${told.get(key)}\`)`);
      lines.push('', `Also has ${links.join(', ')}.`);
    }
    for (const kind of KINDS) {
      const group = own.filter((each) => each.kind === kind);
      if (group.length === 0) continue;
      lines.push('', `### ${kind}`, '', group.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(' · '));
      for (const each of group) lines.push('', `#### ${each.name}`, '', ...section(each, ({ key }) => keys.has(key)));
    }
  }
  return `${lines.join('\n')}\n`;
}

const modules = new Map();

/** Parses a declaration file. */
function moduleOf(path) {
  if (!modules.has(path)) {
    const text = readFileSync(path, 'utf8');
    const { program, comments, errors } = parseSync(path, text, { lang: 'dts' });
    if (errors.length > 0) throw new Error(`${path}: ${errors[0].message}`);
    modules.set(path, { path, text, body: program.body, comments });
  }
  return modules.get(path);
}

/** The exports of a module by name, followed to their declarations. */
function exportsOf(path) {
  const module = moduleOf(path);
  const found = new Map();
  for (const statement of module.body) {
    const source = statement.source && declarationOf(statement.source, module);
    if (statement.type === 'ExportAllDeclaration') {
      for (const [name, each] of exportsOf(source)) found.set(name, each);
    } else if (statement.type === 'ExportNamedDeclaration' && statement.declaration) {
      const [name, declaration] = declared(statement.declaration);
      found.set(name, describe(name, declaration, statement, module));
    } else if (statement.type === 'ExportNamedDeclaration' && statement.specifiers.length > 0) {
      if (!source) throw new Error(`${path}: expected re-exports with the module they come from`);
      const inner = exportsOf(source);
      for (const { local, exported, exportKind } of statement.specifiers) {
        if (!inner.has(local.name)) throw new Error(`${path}: ${source} does not export ${local.name} by itself`);
        const each = inner.get(local.name);
        const typeOnly = each.typeOnly || exportKind === 'type' || statement.exportKind === 'type';
        found.set(exported.name, { ...each, name: exported.name, typeOnly });
      }
    }
  }
  return found;
}

function declared(declaration) {
  const inner = declaration.type === 'VariableDeclaration' ? declaration.declarations[0] : declaration;
  return [inner.id.name, inner];
}

/** What there is to say of one export. */
function describe(name, node, statement, module) {
  const text = (part) => plain(module.text.slice(part.start, part.end));
  const isType = /^TS(Interface|TypeAlias)/.test(node.type);
  const common = { name, key: `${module.path} ${node.start}`, typeOnly: isType, ...docOf(statement, module) };
  const arrow = node.id.typeAnnotation?.typeAnnotation;
  switch (node.type) {
    case 'TSDeclareFunction':
      return { ...common, kind: 'Functions', signature: text(node).replace(/^declare |;$/g, '') };
    case 'ClassDeclaration': {
      const base = node.superClass ? ` extends ${text(node.superClass)}` : '';
      return { ...common, kind: 'Classes', signature: `class ${name}${base}`, members: membersOf(node.body, module) };
    }
    case 'TSInterfaceDeclaration': {
      const head = module.text.slice(node.start, node.body.start).trim();
      // Asked for when all is known: an interface may come before its base.
      const bases = () => node.extends.map(({ expression }) => named(expression.name, module)).filter(Boolean);
      return { ...common, kind: 'Types', signature: plain(head), bases, members: membersOf(node.body, module) };
    }
    case 'TSTypeAliasDeclaration':
      return { ...common, kind: 'Types', signature: text(node).replace(/^declare |;$/g, '') };
    default: {
      if (arrow?.type !== 'TSFunctionType') {
        return { ...common, kind: 'Constants', signature: `const ${text(node)}` };
      }
      const [open, close] = [arrow.start, arrow.returnType.start];
      const params = plain(module.text.slice(open, close)).trim();
      return {
        ...common,
        kind: 'Functions',
        signature: `function ${name}${params}${text(arrow.returnType).replace(/^=>/, ':')}`,
      };
    }
  }
}

/** What a name in a module stands for, declared there or imported; undefined for names of the language. */
function named(name, module) {
  const own = exportsOf(module.path).get(name);
  if (own) return own;
  for (const { type, source, specifiers } of module.body) {
    const found = type === 'ImportDeclaration' && specifiers.find(({ local }) => local.name === name);
    if (found) return exportsOf(declarationOf(source, module)).get(found.imported.name);
  }
  return undefined;
}

const declarationOf = (source, { path }) => resolve(dirname(path), source.value).replace(/\.ts$/, '.d.ts');

/** Public members with their comments; what is marked `@internal` is left out. */
function membersOf({ body }, module) {
  const hidden = (member) => member.accessibility === 'private' || member.key?.type === 'PrivateIdentifier';
  return body
    .filter((member) => !hidden(member))
    .map((member) => {
      const signature = plain(withoutComments(member, module)).replace(/\s+/g, ' ').replace(/[;,]$/, '');
      return { signature: signature.replace(/^readonly /, ''), ...docOf(member, module) };
    })
    .filter(({ internal }) => !internal);
}

function withoutComments({ start, end }, { text, comments }) {
  const inside = comments.filter((comment) => comment.start >= start && comment.end <= end);
  const ends = [start, ...inside.map((comment) => comment.end)];
  return ends.map((from, i) => text.slice(from, inside[i]?.start ?? end)).join('');
}

/** The doc comment right above a node: its text, parameters, what it returns and throws. */
function docOf(node, { text, comments }) {
  const comment = comments.findLast(
    ({ type, value, end }) =>
      type === 'Block' && value[0] === '*' && end <= node.start && !text.slice(end, node.start).trim(),
  );
  const lines = (comment?.value.slice(1) ?? '').replace(/^[ \t]*\* ?/gm, '').trim();
  const [main, ...rest] = lines.split(/(?:^|\s)@(?=(?:param|returns|throws|internal)\b)/);
  const tags = rest.map((tag) => /^(\w+)\s*([\s\S]*)$/.exec(tag).slice(1));
  const of = (tag) => tags.filter(([name]) => name === tag).map(([, value]) => flat(value));
  return {
    doc: main
      .split(/\n\s*\n/)
      .map(flat)
      .filter(Boolean),
    params: of('param').map((value) => /^(\S+)\s+(?:- )?(.*)$/.exec(value).slice(1)),
    returns: of('returns'),
    throws: of('throws'),
    internal: tags.some(([name]) => name === 'internal'),
  };
}

const flat = (text) => text.replace(/\s+/g, ' ').trim();
/** Without what the compiler adds to name a type that a file does not import. */
const plain = (text) => text.replace(/import\("[^"]*"\)\./g, '');
const sentence = (text) => (/[.!?:]$/.test(text) ? text : `${text}.`);

/** The lines of one export. */
function section({ kind, typeOnly, signature, doc, params, returns, throws, members, bases }, isExported) {
  const lines = ['```ts', signature.replace(/^ {4}/gm, '  '), '```', ''];
  for (const paragraph of doc) lines.push(paragraph, '');
  if (kind === 'Classes' && typeOnly) lines.push('Exported as a type: other calls make it.', '');
  for (const [name, text] of params) lines.push(`- \`${name}\`: ${text}`);
  for (const text of returns) lines.push(`- Returns ${text}`);
  for (const text of throws) lines.push(`- Throws ${text}`);
  const all = bases?.() ?? [];
  for (const base of all.filter(isExported)) lines.push(`All of [${base.name}](#${base.name.toLowerCase()}), and:`, '');
  // Fields of interfaces that nobody can look up.
  const inherited = all.filter((base) => !isExported(base)).flatMap((base) => base.members);
  for (const member of [...inherited, ...(members ?? [])]) lines.push(...bullet(member));
  while (lines.at(-1) === '') lines.pop();
  return lines;
}

function bullet({ signature, doc, params, returns, throws }) {
  const words = [
    ...doc.map(sentence),
    ...returns.map((text) => sentence(`Returns ${text}`)),
    ...throws.map((text) => sentence(`Throws ${text}`)),
  ];
  const text = words.length > 0 ? ` – ${words.join(' ')}` : '';
  return [`- \`${signature}\`${text}`, ...params.map(([name, words]) => `  - \`${name}\`: ${words}`)];
}
