import type { Json } from '../../foundation/json';
import type {
  ApprovalRule,
  ConcurrencyRule,
  InputRule,
  Maintainer,
  Metadata,
  OutputRule,
  Pack,
  PackSpec,
  PolicyRule,
  SandboxRule,
  SecretRule,
} from '../model/pack';
import {
  anyKey,
  dnsLabel,
  duration,
  flag,
  id,
  identifier,
  json,
  number,
  oneOf,
  path,
  scalarText,
  scope,
  tenant,
  text,
  version,
} from './scalar-shapes';
import { defaulted, type Fields, list, object, optional, nameOf, record, required, type Shape, shown } from './shape';
import { kindOf } from '../reading/written';
import { failureRetries } from './retry-shapes';
import * as SAID from './field-descriptions';
import { having } from './object-schema';
import { renamed, SEALED_INSTALL } from './spellings';
import { steps } from './step-shapes';
import { schemaOrPath, valueType } from './value-shapes';

const visibility: Shape<Metadata['tenantVisibility']> = {
  blank: 'private',
  read: (written, at, reading) =>
    Array.isArray(written.value)
      ? list(tenant, { max: 1_000 }).read(written, at, reading)
      : oneOf('private', 'public').read(written, at, reading),
  print: (value) => value,
  schema: () => ({ anyOf: [oneOf('private', 'public').schema(), list(tenant, { max: 1_000 }).schema()] }),
};

const metadata = object<Metadata>(
  {
    name: required(dnsLabel),
    version: required(version),
    description: optional(text),
    tags: defaulted(list(text, { max: 100 }), []),
    tenantVisibility: defaulted(visibility, 'private'),
    maintainers: defaulted(
      list(object<Maintainer>({ name: required(text), email: optional(text) }, { descriptions: SAID.MAINTAINER })),
      [],
    ),
    license: optional(text),
    annotations: defaulted(record(anyKey, scalarText), {}),
    minRunnerVersion: optional(version),
  },
  { descriptions: SAID.METADATA },
);

const sandbox = object<SandboxRule>(
  {
    mode: defaulted(oneOf('open', 'sealed'), 'open'),
    egressAllowlist: optional(list(text)),
    cpuMillicores: optional(number(1, 1_000_000)),
    memoryMiB: optional(number(1, 16_777_216)),
    workspaceMiB: optional(number(1, 16_777_216)),
    maxProcesses: optional(number(1, 1_000_000)),
    timeoutMs: optional(duration(), 'timeout'),
  },
  { descriptions: SAID.SANDBOX },
);

const success = object<PackSpec['success']>({ message: optional(text) }, { descriptions: SAID.SUCCESS });
const failure = object<PackSpec['failure']>(
  { message: optional(text), retries: optional(failureRetries) },
  { descriptions: SAID.FAILURE },
);

const spec: Fields<PackSpec> = {
  inputs: defaulted(
    list(
      object<InputRule>(
        {
          name: required(identifier),
          type: required(valueType),
          description: optional(text),
          required: defaulted(flag, false),
          default: defaulted<Json>(json, null),
          enum: optional(list(json, { min: 1 })),
          schema: optional(schemaOrPath),
          sensitive: defaulted(flag, false),
        },
        { descriptions: SAID.INPUT },
      ),
    ),
    [],
  ),
  secrets: defaulted(
    list(
      object<SecretRule>(
        {
          name: required(id),
          description: optional(text),
          scope: defaulted(scope, 'packs.run'),
          required: defaulted(flag, true),
        },
        { descriptions: SAID.SECRET },
      ),
    ),
    [],
  ),
  approvals: defaulted(
    list(
      object<ApprovalRule>(
        {
          id: required(id),
          grants: defaulted(list(scope), []),
          minApprovals: defaulted(number(1, 100), 1),
          expiresAfterMs: optional(duration(), 'expiresAfter'),
          executeWithinMs: optional(duration(), 'executeWithin'),
          allowSelfApproval: defaulted(flag, false),
          maxAuthAgeMs: optional(duration(), 'maxAuthAge'),
          reasonRequired: defaulted(flag, false),
          reasonTemplate: optional(text),
        },
        { descriptions: SAID.APPROVAL },
      ),
    ),
    [],
  ),
  policies: defaulted(
    list(
      object<PolicyRule>(
        {
          id: required(id),
          engine: required(oneOf('cel', 'cedar', 'opa')),
          source: optional(text),
          path: optional(path),
          level: defaulted(oneOf('advisory', 'soft-mandatory', 'hard-mandatory'), 'hard-mandatory'),
        },
        { descriptions: SAID.POLICY, rules: [{ oneOf: [having('source'), having('path')] }] },
      ),
    ),
    [],
  ),
  sandbox: defaulted(sandbox, sandbox.blank),
  sealedInstall: defaulted(flag, false),
  concurrency: optional(
    object<ConcurrencyRule>(
      { group: required(text), onConflict: defaulted(oneOf('queue', 'refuse'), 'queue') },
      { descriptions: SAID.CONCURRENCY },
    ),
  ),
  timeoutMs: optional(duration(), 'timeout'),
  cleanupTimeoutMs: optional(duration(), 'cleanupTimeout'),
  steps: required(steps),
  outputs: defaulted(
    list(
      object<OutputRule>(
        { name: required(identifier), type: optional(valueType), value: required(json) },
        { descriptions: SAID.OUTPUT },
      ),
    ),
    [],
  ),
  success: defaulted(success, success.blank),
  failure: defaulted(failure, failure.blank),
};

function constant<const T extends string>(value: T, code: 'PACK_API_VERSION' | 'PACK_KIND'): Shape<T> {
  return {
    blank: value,
    read: (written, at, reading) => {
      if (written.value !== value)
        reading.fault(
          code,
          at,
          `${nameOf(at)} must be ${value}; it is ${typeof written.value === 'string' ? shown(written.value) : kindOf(written.value)}.`,
        );
      return value;
    },
    print: () => value,
    schema: () => ({ const: value }),
  };
}

/** A whole manifest. */
export const manifest: Shape<Pack> = object<Pack>(
  {
    apiVersion: required(constant('stellaops.io/pack.v1', 'PACK_API_VERSION')),
    kind: required(constant('TaskPack', 'PACK_KIND')),
    metadata: required(metadata),
    spec: required(
      object<PackSpec>(spec, {
        normalise: renamed({ sealed_install: 'sealedInstall' }),
        published: [SEALED_INSTALL],
        descriptions: SAID.SPEC,
      }),
    ),
  },
  { descriptions: SAID.PACK },
);
