import { generateFiles } from '@nx/devkit';
import { join } from 'node:path';
import ts from 'typescript';
import { afterLast, atEndOf, noteChange } from '../document.mjs';
import { finished } from '../finish.mjs';
import { namesOf } from '../names.mjs';
import { mustBeNew, oneOf, refuse, sentenceOf } from '../refusal.mjs';
import { Source } from '../source.mjs';
import { valueKindOf } from './value-kind.mjs';

const CONFIGURATION = 'libs/infrastructure/src/lib/configuration';
const SAMPLE = 'etc/task-runner.yaml.sample';
const GUIDE = 'docs/guides/operations.md';
const TYPES = ['flag', 'number', 'duration', 'size', 'text'];

/** A key of the configuration: one table defines it, and sample, guide and tests refer to it. */
export default async function configurationKey(tree, options) {
  const names = namesOf('name', options.name);
  const about = sentenceOf('about', options.about);
  const type = oneOf('type', options.type, TYPES);
  if (options.unit !== undefined && !(type === 'number' && /^[a-z][a-z ]{0,30}$/.test(options.unit)))
    refuse('unit', 'only a number has one, of small letters.', 'Leave it out, or write one such as runs.');
  const kind = valueKindOf({ ...options, type });
  const path = String(options.section).split('.');
  const section = sectionOf(tree, path);
  const fields = fieldsOf(section, path);
  const key = [...path, names.camel].join('.');
  if (section.membersOf(fields).includes(names.camel))
    refuse('name', `${key} is there already.`, 'Choose another name.');
  const spec = [...path.map(toKebab), names.kebab].join('-');
  mustBeNew(tree, 'name', `${CONFIGURATION}/${spec}.spec.ts`);

  const unit = kind.unit === null ? '' : `, ${JSON.stringify(kind.unit)}`;
  section.append(fields, `${names.camel}: key(${kind.kind}, ${kind.absent}, ${JSON.stringify(about)}${unit})`);
  section.import(kind.imports, '../kinds');
  section.import(['key'], '../key');
  if (kind.units.length > 0) section.import(kind.units, './units');
  section.write();
  sample(tree, path, names.camel, about, kind);
  show(tree, key, `${CONFIGURATION}/${spec}.spec.ts`);
  const inner = (text) => [...path].reduceRight((value, name) => `${name}: { ${value} }`, text);
  generateFiles(tree, join(import.meta.dirname, 'files'), CONFIGURATION, {
    ...{ ...kind, key, spec, path: [...path, names.camel], tmpl: '' },
    written: inner(`${names.camel}: ${kind.other}`),
    refused: kind.refused.map(([value, code]) => [inner(`${names.camel}: ${value}`), code]),
  });
  document(tree, { key, about, isMeasured: kind.units.length > 0 || type === 'number', written: kind.written });

  return finished(tree, [
    `Use configuration.${key} where a service is put together: *.module.ts or main.ts.`,
    `Then name the test that shows what it does in ${CONFIGURATION}/configuration-in-use.spec.ts, in place of ${spec}.spec.ts.`,
    'If it changes what a run does, it belongs to the environment too: environment-of.ts.',
  ]);
}

const toKebab = (name) => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The file with the keys of a section. */
function sectionOf(tree, [first = '']) {
  const file = `${CONFIGURATION}/sections/${toKebab(first)}.ts`;
  const known = tree
    .children(`${CONFIGURATION}/sections`)
    .filter((one) => one !== 'units.ts')
    .map((one) => one.replace(/\.ts$/, '').replaceAll(/-([a-z])/g, (_, letter) => letter.toUpperCase()));
  if (!known.includes(first) || !tree.exists(file))
    refuse('section', `there is no section ${JSON.stringify(first)}.`, `Use one of ${known.sort().join(', ')}.`);
  return new Source(tree, file);
}

/** The keys of a section, or of a named section within it. */
function fieldsOf(source, path) {
  const constantOf = (name) =>
    source.find(`section ${name}`, (node) => ts.isVariableDeclaration(node) && node.name.getText() === name)
      .initializer;
  let fields = null;
  for (const name of path) {
    const entry = fields === null ? undefined : source.member(fields, name);
    if (fields !== null && entry === undefined) refuseSection(source, path);
    let value = fields === null || ts.isShorthandPropertyAssignment(entry) ? constantOf(name) : entry.initializer;
    if (ts.isIdentifier(value)) value = constantOf(value.text);
    if (!ts.isCallExpression(value) || value.expression.getText() !== 'section') refuseSection(source, path);
    fields = value.arguments[1];
  }
  return fields;
}

function refuseSection({ path: file }, path) {
  refuse('section', `there is no section ${path.join('.')}.`, `Name one that stands in ${file}.`);
}

/** The sample in the format of the table of keys: after the last key of the section, without the lines that follow it. */
function sample(tree, path, name, about, kind) {
  const lines = tree.read(SAMPLE, 'utf8').split('\n');
  let at = -1;
  path.forEach((part, depth) => {
    at = lines.findIndex((line, index) => index > at && line === `${'  '.repeat(depth)}${part}:`);
    if (at < 0)
      throw new Error(`${SAMPLE} has no section ${path.join('.')}: the generator no longer fits the repository.`);
  });
  const indent = '  '.repeat(path.length);
  let end = at + 1;
  while (lines[end]?.startsWith(indent)) end++;
  const unit = kind.unit === null ? '' : ` Unit: ${kind.unit}.`;
  lines.splice(end, 0, `${indent}# ${about}${unit}`, `${indent}${name}: ${kind.written}`);
  tree.write(SAMPLE, lines.join('\n'));
}

/** The row for the test of all keys, before the rows that would mask it. */
function show(tree, key, spec) {
  const source = new Source(tree, `${CONFIGURATION}/configuration-in-use.spec.ts`);
  const rows = source.valueOf('SHOWN');
  const hides = rows.elements.find(({ elements: [pattern] }) => {
    const text = pattern.text;
    return text.endsWith('*') && key.startsWith(text.slice(0, -1));
  });
  const row = `['${key}', '${spec}', 'is read from the file and from its variable']`;
  if (hides === undefined) source.append(rows, row);
  else source.before(hides, row);
  source.write();
}

/** Limits belong to the table of limits, all other keys below Configuration. */
function document(tree, { key, about, isMeasured, written }) {
  const what = about.replace(/\.$/, '');
  if (isMeasured)
    afterLast(
      tree,
      GUIDE,
      '| requests of a person',
      `| ${what[0].toLowerCase()}${what.slice(1)} | \`${key}\` (${written}) |`,
    );
  else atEndOf(tree, GUIDE, '## Configuration', `\n\`${key}\` (${written}): ${about}`);
  noteChange(tree, `**Configuration key** \`${key}\` (${written}): ${about}`);
}
