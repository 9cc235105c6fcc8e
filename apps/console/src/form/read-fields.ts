import { compileSchema, type SchemaFinding } from '@taskrunner/core/schema';
import type { Json } from '@taskrunner/core/foundation';
import type { Field, Schema } from './field';

/** The contents of the entries of a form, by name. A file is one that the person has chosen. */
export type Entries = Readonly<Record<string, string | File>>;

/** Messages for the entries of a form, by name; `''`: for the form as a whole. */
export type FieldFaults = Readonly<Record<string, readonly string[]>>;

/** The values of a form, or what is wrong with it. A chosen file is among `files`; its value follows from its upload. */
interface FormReading {
  readonly values: Readonly<Record<string, Json>>;
  readonly files: Readonly<Record<string, File>>;
  readonly faults: FieldFaults;
}

/** The entries of a form before anybody has changed it. */
export function initialEntries(fields: readonly Field[]): Entries {
  return Object.fromEntries(fields.map(({ name, initial }) => [name, initial]));
}

/** The entries that outlive a reload: texts, without those of secrets and without chosen files. */
export function keptEntries(fields: readonly Field[], entries: Entries): Readonly<Record<string, string>> {
  const kept = fields.flatMap(({ name, isSecret }): readonly (readonly [string, string])[] => {
    const entry = entries[name];
    return typeof entry !== 'string' || isSecret ? [] : [[name, entry]];
  });
  return Object.fromEntries(kept);
}

/** Reads the entries of a form, and checks each against its schemas. An empty entry is an absent value. */
export function readFields(fields: readonly Field[], entries: Entries): FormReading {
  const values: Record<string, Json> = {};
  const files: Record<string, File> = {};
  const faults: Record<string, readonly string[]> = {};
  for (const field of fields) {
    const entry = entries[field.name] ?? '';
    if (typeof entry !== 'string') {
      files[field.name] = entry;
      continue;
    }
    if (entry.trim() === '') {
      if (field.isRequired) faults[field.name] = ['A value is needed.'];
      continue;
    }
    const value = valueOf(field, entry);
    if (value === undefined) faults[field.name] = [UNREADABLE[field.kind] ?? 'This cannot be read.'];
    else {
      values[field.name] = value;
      const found = field.schemas.flatMap((schema) => findingsOf(schema, value));
      if (found.length > 0) faults[field.name] = found.map(({ text }) => text);
    }
  }
  return { values, files, faults };
}

/** Reads the entries of a form for a JSON Schema, and checks the whole value against it. */
export function readForm(schema: Schema, fields: readonly Field[], entries: Entries): FormReading {
  const reading = readFields(fields, entries);
  // What is missing or cannot be read is absent from the values, and is said beside its entry.
  const isSaid = ({ message }: SchemaFinding): boolean =>
    Object.keys(reading.faults).some((name) => message.includes(`required property '${name}'`));
  const findings = schemaFindings(schema, reading.values).filter((finding) => !isSaid(finding));
  const found = findings.map(({ pointer, message }) => ({
    place: pointer,
    text: `${placeInWords(pointer, fields)} ${message}.`,
  }));
  return { ...reading, faults: { ...byField(found, fields), ...reading.faults } };
}

/** Reads a JSON text for a schema that has no entries. */
export function readWhole(schema: Schema, text: string): { readonly value: Json; readonly faults: readonly string[] } {
  const value = parsed(text);
  if (value === undefined) return { value: null, faults: [UNREADABLE.json] };
  return { value, faults: findingsOf(schema, value).map(({ text: message }) => message) };
}

/** Messages of the server by entry. `root`: the JSON pointer of the form in the request, such as `/inputs`. */
export function faultsOfServer(
  faults: readonly { readonly path: string; readonly message: string; readonly remediation: string }[],
  fields: readonly Field[],
  root: string,
): FieldFaults {
  const found = faults.map(({ path, message, remediation }) => ({
    place: path.startsWith(`${root}/`) ? path.slice(root.length) : '',
    text: `${message} ${remediation}`.trim(),
  }));
  return byField(found, fields);
}

interface Finding {
  /** JSON pointer in the value of the form. */
  readonly place: string;
  readonly text: string;
}

function byField(findings: readonly Finding[], fields: readonly Field[]): FieldFaults {
  const names = new Set(fields.map(({ name }) => name));
  const faults: Record<string, readonly string[]> = {};
  for (const { place, text } of findings) {
    const first = firstOf(place);
    const name = names.has(first) ? first : '';
    faults[name] = [...(faults[name] ?? []), text];
  }
  return faults;
}

/** The name of the member that a JSON pointer leads to or through. */
function firstOf(pointer: string): string {
  return (pointer.split('/')[1] ?? '').replaceAll('~1', '/').replaceAll('~0', '~');
}

/** A place as the form names it: `Window`, or `Window, /0` for a part of that entry. */
function placeInWords(pointer: string, fields: readonly Field[]): string {
  const field = fields.find(({ name }) => name === firstOf(pointer));
  if (field === undefined) return pointer === '' ? 'The value' : pointer;
  const rest = pointer.split('/').slice(2).join('/');
  const name = field.title ?? field.name;
  return rest === '' ? name : `${name}, /${rest},`;
}

function schemaFindings(schema: Schema, value: Json): readonly SchemaFinding[] {
  const compiled = compileSchema(schema);
  // A schema that is no schema is refused by the server, with its place.
  return compiled.kind === 'invalid' ? [] : compiled.findings(value);
}

function findingsOf(schema: Schema, value: Json): readonly Finding[] {
  return schemaFindings(schema, value).map(({ pointer, message }) => ({
    place: pointer,
    text: `${pointer === '' ? 'The value' : pointer} ${message}.`,
  }));
}

const UNREADABLE: Readonly<Partial<Record<Field['kind'], string>>> & { readonly json: string } = {
  number: 'This is not a number.',
  json: 'This is not JSON. Texts stand in double quotes.',
};

/** The value of an entry; undefined: it is none. */
function valueOf({ kind }: Field, entry: string): Json | undefined {
  switch (kind) {
    case 'text':
    case 'file':
      return entry;
    case 'lines':
      return entry.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
    case 'number':
      return Number.isFinite(Number(entry)) ? Number(entry) : undefined;
    case 'switch':
      return entry === 'true';
    case 'choice':
    case 'json':
      return parsed(entry);
  }
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}
