// The reference of pack fields, from the JSON Schema of packs: `node tools/documents/pack-fields.mjs > docs/guides/pack-fields.md`.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '..', '..');
const schema = JSON.parse(readFileSync(join(ROOT, 'etc/schemas/taskrunner.pack.v1.schema.json'), 'utf8'));

/** A schema without references: members beside a `$ref` win. */
function resolved(part) {
  if (part?.$ref === undefined) return part;
  const { $ref, ...own } = part;
  const target = $ref
    .slice(2)
    .split('/')
    .reduce((at, key) => at[key], schema);
  return { ...resolved(target), ...own };
}

const isStep = (part) => part?.$ref === '#/$defs/step';

/** What a schema says of a name: `required`; `either` if exactly one of several is. Other spellings of a name do not count. */
function needOf(name, { properties, required = [], allOf = [] }, isForm) {
  if (required.includes(name)) return isForm ? 'either' : 'required';
  const choice = allOf
    .map(({ oneOf = [] }) => oneOf.flatMap((one) => one.required ?? []))
    .find((names) => names.includes(name));
  if (choice === undefined) return '';
  const canonical = choice.filter((one) => resolved(properties[one])?.deprecated !== true);
  return canonical.length > 1 || isForm ? 'either' : 'required';
}

/** Every field below a schema, by its path in a manifest. Steps inside of steps have the same fields. `isForm`: the schema is one of several. */
export function fieldsOf(part, path, found = new Map(), isForm = false) {
  if (isStep(part) || part === null || typeof part !== 'object') return found;
  const whole = resolved(part);
  for (const [name, value] of Object.entries(whole.properties ?? {})) {
    const key = name.includes('.') ? `"${name}"` : name;
    const at = path === '' ? key : `${path}.${key}`;
    const field = resolved(value);
    const need = needOf(name, whole, isForm);
    if (!found.has(at) && (field.description ?? '') !== '') found.set(at, { field, need });
    if (field.deprecated !== true) fieldsOf(value, at, found);
  }
  fieldsOf(whole.items, `${path}[]`, found);
  fieldsOf(whole.additionalProperties, `${path}.<name>`, found);
  for (const key of ['allOf', 'anyOf', 'oneOf'])
    for (const one of whole[key] ?? []) if (one.deprecated !== true) fieldsOf(one, path, found, key === 'oneOf');
  return found;
}

/** The fields of a manifest and of a step. A step's fields are listed once, below `steps[]`. */
export function packFields() {
  const all = fieldsOf(schema, '');
  return fieldsOf({ $ref: '#/$defs/namedStep' }, 'steps[]', all);
}

const MARK = /^Published spelling(?: of `([^`]+)`)?[.:] */;

/** Types of a value, each once. Forms that are other spellings are left out. */
function typesOf(part) {
  const { $ref, ...field } = { ...resolved(part), $ref: part?.$ref };
  if (field.deprecated === true) return [];
  if (isStep({ $ref })) return ['step'];
  if (field.const !== undefined) return [`\`${field.const}\``];
  if (field.enum !== undefined) return field.enum.map((one) => `\`${one}\``);
  if (field.examples?.includes('PT30M')) return ['duration'];
  const lists = field.items === undefined ? [] : typesOf(field.items);
  const named = (type) =>
    type === 'array' && lists.length > 0 ? `list of ${lists.join(' or ')}s` : type === 'array' ? 'list' : type;
  const own = [field.type ?? []].flat().map(named);
  return own.length > 0 ? own : (field.anyOf ?? field.oneOf ?? field.allOf ?? []).flatMap(typesOf);
}

function defaultOf({ field, need }) {
  if (need !== '' || field.default === undefined || field.default === null) return need;
  return `\`${JSON.stringify(field.default)}\``;
}

function shownTypes({ field }) {
  return [...new Set(typesOf(field))].join(field.enum === undefined ? ' or ' : ', ') || 'any';
}

/** Expressions and placeholders are code: in Markdown, `<name>` would be a tag. */
function meaningOf({ field }) {
  return field.description.replace(/\{\{.*?\}\}|[\w:@.]*<[\w<>:@.]+|\{content: …\}/g, '`$&`').replaceAll('``', '`');
}

const row = (...cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;

const SECTIONS = [
  ['The manifest', /^(apiVersion|kind|metadata|spec)$|^metadata\./],
  ['`spec`', /^spec\./],
  ['Every step', /^steps\[\]\.(?!(run|group|parallel|map|loop|conditional|gate)\b)/],
  ...['run', 'group', 'parallel', 'map', 'loop', 'conditional', 'gate'].map((kind) => [
    `A step with \`${kind}\``,
    new RegExp(`^steps\\[\\]\\.${kind}\\b`),
  ]),
];

/** The page. */
export function packFieldsPage() {
  const fields = [...packFields()];
  const canonical = fields.filter(([, { field }]) => field.deprecated !== true);
  const others = fields.filter(([, { field }]) => field.deprecated === true && MARK.test(field.description));
  const sections = SECTIONS.flatMap(([title, pattern]) => [
    '',
    `## ${title}`,
    '',
    '| field | type | default | meaning |',
    '|---|---|---|---|',
    ...canonical
      .filter(([path]) => pattern.test(path))
      .map(([path, one]) => row(`\`${path}\``, shownTypes(one), defaultOf(one), meaningOf(one))),
  ]);
  return [
    '# Fields of a pack',
    '',
    'This page lists every field of a `pack.yaml`, in its one canonical spelling. It is generated from the JSON Schema of packs:',
    '`node tools/documents/pack-fields.mjs > docs/guides/pack-fields.md`. [Writing packs](writing-packs.md) explains the fields.',
    '',
    '`[]` stands for each element of a list, and `<name>` for a name that you choose. Steps inside of steps have the same fields. `either` means that exactly one of these fields is required. A duration is `90s`, `30m`, `4h`, `7d` or ISO 8601 (`PT30M`).',
    ...sections,
    '',
    '## Other spellings',
    '',
    'Packs that were written for other runners may have these spellings. They mean the same, and give the same plan hash. Use the canonical spelling in new packs; a field may be written once only.',
    '',
    '| other spelling | canonical |',
    '|---|---|',
    ...others.map(([path, { field }]) => {
      const [, name] = MARK.exec(field.description);
      return row(`\`${path}\``, name === undefined ? field.description.replace(MARK, '') : `\`${name}\``);
    }),
    '',
  ].join('\n');
}

if (process.argv[1] === import.meta.filename) process.stdout.write(packFieldsPage());
