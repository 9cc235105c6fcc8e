import { canonical } from '../../canonical/canonical';
import { pointerTo } from '../../document/json-pointer';
import { readDocument } from '../../document/read-document';
import { typeOfSchema } from '../../expression/schema-type';
import { nullable, STRING_TYPE, NUMBER_TYPE, objectType, type StaticType } from '../../expression/static-type';
import { isDigest } from '../../foundation/ids';
import { isJsonObject, type Json, type JsonObject } from '../../foundation/json';
import { isOfType } from '../../pack/check-names';
import type { InputRule, Pack } from '../../pack/model/pack';
import type { ValueType } from '../../pack/model/value-type';
import type { PackFiles } from '../../pack/pack-files';
import { compileSchema } from '../../schema/compile-schema';
import type { SchemaFinding } from '../../schema/evaluation';
import type { SchemaFault } from '../../schema/schema-fault';
import { weaknessOf } from '../../secret/secret-value';
import type { Faults } from './faults';
import { PLAN_REMEDIES } from './plan-fault';
import { malformed } from '../../plan/malformed';
import { MAX_INPUT_BYTES } from '../../plan/plan-request';

/** The inputs of a run, defaults applied. */
interface ResolvedInputs {
  /** As in the plan: a sensitive one is `{sensitive: true}`. */
  readonly shown: JsonObject;
  /** As expressions see them. */
  readonly values: JsonObject;
  /** Names of sensitive inputs that have a value. */
  readonly sensitive: readonly string[];
  /** The static type of `inputs`. */
  readonly type: StaticType;
  /** False if a fault prevents checks that depend on the values. */
  readonly sound: boolean;
}

/** A file by its content: the type of an input `file` in expressions. */
const FILE_TYPE = objectType({ digest: STRING_TYPE, size: NUMBER_TYPE });

/** Resolves the caller's inputs against the pack's declarations (docs/guides/writing-packs.md, The manifest). */
export function resolveInputs(
  pack: Pack,
  files: PackFiles,
  supplied: JsonObject,
  sensitiveAllowed: boolean,
  faults: Faults,
  withheld: readonly string[] = [],
): ResolvedInputs {
  const rules = pack.spec.inputs;
  const names = rules.map(({ name }) => name);
  let sound = true;
  const refuse = (...fault: Parameters<Faults['addInput']>): void => {
    sound = false;
    faults.addInput(...fault);
  };
  for (const name of Object.keys(supplied)) {
    if (names.includes(name)) continue;
    refuse(
      'INPUT_UNKNOWN',
      pointerTo('/inputs', name),
      `The pack has no input ${shownName(name)}.`,
      faults.guess(name, names, `Known inputs: ${names.slice(0, 20).join(', ') || 'none'}.`),
    );
  }
  const values: Record<string, Json> = {};
  const types: Record<string, StaticType> = {};
  rules.forEach((rule, index) => {
    const at = `/inputs/${rule.name}`;
    const read = rule.schema === null ? null : readSchema(rule.schema, `/spec/inputs/${index}/schema`, files, faults);
    types[rule.name] = typeOfInput(rule, read?.schema ?? null);
    for (const { pointer, message } of rule.default === null ? [] : (read?.findings(rule.default) ?? [])) {
      sound = false;
      const place = `/spec/inputs/${index}/default${pointer}`;
      faults.add('INPUT_DEFAULT_INVALID', place, `The default of ${rule.name} is not valid: ${message}.`);
    }
    if (rule.sensitive && withheld.includes(rule.name)) {
      values[rule.name] = { sensitive: true };
      return;
    }
    const own = Object.hasOwn(supplied, rule.name) ? (supplied[rule.name] ?? null) : null;
    const value = own ?? rule.default;
    if (value === null) {
      if (rule.required) refuse('INPUT_MISSING', at, `The input ${rule.name} is missing.`);
      values[rule.name] = null;
      return;
    }
    const wrong = malformed(value);
    if (wrong !== null) return refuse('INPUT_MALFORMED', at, `The input ${rule.name} ${wrong}.`);
    const file = rule.type === 'file' ? fileOf(value) : null;
    if (rule.type === 'file' ? file === null : !isOfType(value, rule.type)) {
      const noun = rule.type === 'file' ? 'a file: {digest, size}' : `of type ${rule.type}`;
      return refuse('INPUT_TYPE', at, `The input ${rule.name} must be ${noun}.`);
    }
    if (rule.sensitive && rule.type !== 'file') {
      if (own === null)
        refuse('INPUT_SENSITIVE_DEFAULT', at, `The sensitive input ${rule.name} must not have a default.`);
      else if (!isSecret(own))
        refuse('INPUT_SENSITIVE_WEAK', at, `The sensitive input ${rule.name} is too short or too common.`);
    }
    values[rule.name] = file ?? value;
    if (rule.enum !== null && !rule.enum.some((one) => canonical(one) === canonical(value))) {
      refuse('INPUT_ENUM', at, `The input ${rule.name} is not one of the values that the pack lists.`);
    }
    for (const { pointer, message } of own === null ? [] : (read?.findings(value) ?? []))
      refuse(
        'INPUT_INVALID',
        rule.sensitive ? at : at + pointer,
        rule.sensitive ? `The input ${rule.name} is not valid.` : `The input ${rule.name} is not valid: ${message}.`,
      );
  });
  const sensitive = rules.filter((rule) => rule.sensitive && values[rule.name] !== null).map((rule) => rule.name);
  rules.forEach((rule, index) => {
    if (!rule.sensitive) return;
    const place = `/spec/inputs/${index}/sensitive`;
    if (!sensitiveAllowed) faults.add('INPUT_SENSITIVE_UNAVAILABLE', place, `The input ${rule.name} is sensitive.`);
    if (rule.type === 'file') faults.add('INPUT_SENSITIVE_FILE', place, `The file ${rule.name} cannot be sensitive.`);
  });
  if (sound && isLarger(values))
    refuse('INPUT_TOO_LARGE', '/inputs', `The inputs are larger than ${MAX_INPUT_BYTES} bytes.`);
  const shown = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, sensitive.includes(name) ? { sensitive: true } : value]),
  );
  return { shown, values, sensitive, type: objectType(types), sound };
}

function isLarger(values: JsonObject): boolean {
  // It has the length of the RFC 8785 text, which differs only in the order of members.
  const text = JSON.stringify(values);
  return (
    text.length > MAX_INPUT_BYTES ||
    (text.length * 3 > MAX_INPUT_BYTES && new TextEncoder().encode(text).length > MAX_INPUT_BYTES)
  );
}

/** True if the value, or a text in it, can be redacted from logs. */
function isSecret(value: Json): boolean {
  const encoded = (text: string): Uint8Array => new TextEncoder().encode(text.toWellFormed());
  if (typeof value === 'string') return weaknessOf(encoded(value)) === null;
  if (typeof value === 'number') return weaknessOf(encoded(String(value))) === null;
  return typeof value === 'object' && value !== null && Object.values(value).some((one: Json) => isSecret(one));
}

function fileOf(value: Json): JsonObject | null {
  if (!isJsonObject(value)) return null;
  const { digest, size } = value;
  if (!isDigest(digest) || typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) return null;
  return { digest, size };
}

/** A schema and its compiled form. */
interface SchemaRead {
  readonly schema: JsonObject;
  readonly findings: (value: Json) => readonly SchemaFinding[];
}

/** A schema in the manifest or in a pack file; null with a fault if it is invalid. */
export function readSchema(
  written: JsonObject | string,
  at: string,
  files: PackFiles,
  faults: Faults,
): SchemaRead | null {
  if (typeof written === 'string') return readSchemaFile(written, at, files, faults);
  const compiled = compileSchema(written);
  if (compiled.kind === 'schema') return { schema: written, findings: compiled.findings };
  for (const fault of compiled.faults) {
    const note = { remediation: remedyFor(fault), key: fault.atKey };
    faults.add('SCHEMA_INVALID', `${at}${fault.pointer}`, notSchema(fault.message), note);
  }
  return null;
}

/** A schema in a pack file. Its faults are reported in that file. */
function readSchemaFile(file: string, at: string, files: PackFiles, faults: Faults): SchemaRead | null {
  const bytes = files.read(file);
  if (bytes === null) {
    faults.add('PLAN_FILE_MISSING', at, `The pack has no file ${file}.`);
    return null;
  }
  const document = readDocument(bytes);
  if (document.kind === 'refused') {
    for (const fault of document.faults) faults.addInFile(file, fault);
    return null;
  }
  const { value, positionOf, keyPositionOf } = document;
  const compiled = isJsonObject(value) ? compileSchema(value) : { kind: 'invalid' as const, faults: [NO_OBJECT] };
  if (compiled.kind === 'schema') return { schema: value as JsonObject, findings: compiled.findings };
  for (const fault of compiled.faults) {
    const place = { path: fault.pointer, ...(fault.atKey ? keyPositionOf : positionOf)(fault.pointer) };
    const message = notSchema(fault.message);
    faults.addInFile(file, { code: 'SCHEMA_INVALID', ...place, message, remediation: remedyFor(fault) });
  }
  return null;
}

const NO_OBJECT: SchemaFault = { pointer: '', atKey: false, message: 'it is not an object', remediation: null };

function remedyFor({ remediation }: SchemaFault): string {
  return remediation ?? PLAN_REMEDIES.SCHEMA_INVALID;
}

function notSchema(why: string): string {
  return `This is not a schema: ${why}${/[.!?]$/.test(why) ? '' : '.'}`;
}

/** The type that the language defines under a name. */
export function typeOfValueType(type: ValueType): StaticType {
  return type === 'file' ? FILE_TYPE : typeOfSchema({ type });
}

/** The static type of an input. */
export function typeOfInput(rule: InputRule, schema: JsonObject | null): StaticType {
  const type = refined(rule.type, schema);
  return rule.required || rule.default !== null ? type : nullable(type);
}

/** The intersection of a type and a schema; the type if they contradict each other. */
export function refined(type: ValueType, schema: JsonObject | null): StaticType {
  if (type === 'file') return FILE_TYPE;
  const plain = typeOfValueType(type);
  const said = schema === null ? plain : typeOfSchema({ type, ...schema });
  const kinds = said.kinds.filter((kind) => plain.kinds.includes(kind));
  return kinds.length === 0 ? plain : { ...said, kinds };
}

function shownName(name: string): string {
  return /^[\x20-\x7e]{1,80}$/.test(name) ? name : JSON.stringify(name.slice(0, 80)).replace(/[^\x20-\x7e]/g, '?');
}
