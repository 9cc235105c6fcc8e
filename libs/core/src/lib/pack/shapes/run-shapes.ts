import type { Digest } from '../../foundation/ids';
import type { Json } from '../../foundation/json';
import type { ArtifactRule, EgressUse, OutputSchema, RunBody, SecretUse } from '../model/pack-step';
import * as SAID from './field-descriptions';
import { having } from './object-schema';
import {
  digest,
  envName,
  flag,
  id,
  identifier,
  json,
  jsonObject,
  label,
  path,
  scalarText,
  text,
  uses,
} from './scalar-shapes';
import { defaulted, list, nameOf, object, optional, record, required, type Shape } from './shape';
import { schemaOrPath, valueType } from './value-shapes';

const secretUse: Shape<SecretUse> = {
  blank: { kind: 'file', name: '', file: '' },
  read: (written, at, reading) => {
    if (typeof written.value === 'string') {
      const name = id.read(written, at, reading);
      return { kind: 'file', name, file: name };
    }
    const { name, env, file } = secretFields.read(written, at, reading);
    if (env !== null && file !== null)
      reading.fault(
        'PACK_FIELDS_EXCLUSIVE',
        at,
        `${nameOf(at)} must be either a variable or a file: env and file are mutually exclusive.`,
      );
    return env === null ? { kind: 'file', name, file: file ?? name } : { kind: 'env', name, env };
  },
  print: (value) => {
    if (value.kind === 'env') return { name: value.name, env: value.env };
    return value.kind === 'file' && value.file !== value.name ? { name: value.name, file: value.file } : value.name;
  },
  schema: () => ({ anyOf: [id.schema(), secretFields.schema()] }),
};
const secretFields = object<{ name: string; env: string | null; file: string | null }>(
  {
    name: required(id),
    env: optional(envName),
    file: optional(label),
  },
  { descriptions: SAID.SECRET_USE, rules: [{ not: having('env', 'file') }] },
);

/** A list of uses; for `pack:` an object that maps inner names to names of this pack. */
const secretUses: Shape<readonly SecretUse[]> = {
  blank: [],
  read: (written, at, reading) => {
    if (Array.isArray(written.value)) return list(secretUse).read(written, at, reading);
    const names = record(id, id).read(written, at, reading);
    return Object.entries(names).map(([inner, name]) => ({ kind: 'inner', name, inner }));
  },
  print: (value) =>
    value.some((use) => use.kind === 'inner')
      ? Object.fromEntries(value.map((use) => [use.kind === 'inner' ? use.inner : use.name, use.name]))
      : list(secretUse).print(value),
  schema: () => ({ anyOf: [list(secretUse).schema(), record(id, id).schema()] }),
};

/** Approvals and renamed secrets are passed only to inner packs. */
const OF_INNER_PACKS = {
  if: { properties: { uses: { type: 'string', not: { pattern: '^pack:' } } } },
  then: {
    properties: { approvals: { maxProperties: 0 }, secrets: { anyOf: [{ type: 'array' }, { maxProperties: 0 }] } },
  },
};

/** The body of a step that runs an executor or another pack. */
export const run = object<RunBody>(
  {
    uses: required(uses),
    with: defaulted(jsonObject, {}),
    env: defaulted(record(envName, scalarText), {}),
    files: defaulted(record<Json>(path, json), {}),
    secrets: defaulted(secretUses, []),
    approvals: defaulted(record(id, id), {}),
    tools: defaulted(record(label, list(digest as unknown as Shape<Digest>, { min: 1 })), {}),
    egress: defaulted(
      list(object<EgressUse>({ url: required(text), intent: optional(text) }, { descriptions: SAID.EGRESS })),
      [],
    ),
    artifacts: defaulted(
      list(
        object<ArtifactRule>(
          {
            name: required(label),
            path: required(path),
            mediaType: optional(text),
            optional: defaulted(flag, false),
          },
          { descriptions: SAID.ARTIFACT },
        ),
      ),
      [],
    ),
    outputs: defaulted(
      record(
        identifier,
        object<OutputSchema>(
          { type: optional(valueType), schema: optional(schemaOrPath) },
          { descriptions: SAID.OUTPUT_SCHEMA },
        ),
      ),
      {},
    ),
  },
  { descriptions: SAID.RUN, rules: [OF_INNER_PACKS] },
);
