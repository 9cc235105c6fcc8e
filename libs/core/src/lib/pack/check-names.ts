import { pointerTo } from '../document/json-pointer';
import { canonical } from '../canonical/canonical';
import { type Json, isJsonArray, isJsonObject } from '../foundation/json';
import { allSteps } from './check-steps';
import type { InputRule, Pack } from './model/pack';
import type { ValueType } from './model/value-type';
import type { PackFaultCode } from './reading/pack-fault';
import type { PackStep } from './model/pack-step';
import type { Reading } from './reading/reading';
import { shown } from './shapes/shape';

/** One entry per list of names. */
const NOUNS = {
  inputs: 'input',
  outputs: 'output',
  secrets: 'secret',
  approvals: 'approval',
  policies: 'policy',
} as const;

type UnknownName = Extract<PackFaultCode, 'PACK_UNKNOWN_SECRET' | 'PACK_UNKNOWN_APPROVAL' | 'PACK_UNKNOWN_POLICY'>;

/** Names that are declared once and used elsewhere (secrets, approvals, policies), and relations between fields of one object. */
export function checkNames(pack: Pack, reading: Reading): void {
  const { spec } = pack;
  const unique = (field: keyof typeof NOUNS, key: string, names: readonly string[]) => {
    names.forEach((name, index) => {
      if (name === '' || names.indexOf(name) === index) return;
      reading.fault('PACK_DUPLICATE_NAME', `/spec/${field}/${index}/${key}`, `${name} is already in ${field}.`);
    });
    return new Declared(names, reading.isFaulty(`/spec/${field}`) || reading.isFaulty('/spec'), NOUNS[field], reading);
  };
  unique('inputs', 'name', spec.inputs.map((input) => input.name)); // prettier-ignore
  unique('outputs', 'name', spec.outputs.map((output) => output.name)); // prettier-ignore
  const secrets = unique('secrets', 'name', spec.secrets.map((secret) => secret.name)); // prettier-ignore
  const approvals = unique('approvals', 'id', spec.approvals.map((approval) => approval.id)); // prettier-ignore
  const policies = unique('policies', 'id', spec.policies.map((policy) => policy.id)); // prettier-ignore

  spec.inputs.forEach((input, index) => checkDefault(input, `/spec/inputs/${index}`, reading));
  spec.policies.forEach((policy, index) => {
    const at = `/spec/policies/${index}`;
    if (policy.source !== null && policy.path !== null)
      reading.fault('PACK_FIELDS_EXCLUSIVE', at, `The policy ${policy.id} has both source and path.`);
    if (policy.source === null && policy.path === null && !reading.isFaulty(at))
      reading.fault('PACK_FIELD_MISSING', at, `The policy ${policy.id} has neither source nor path.`, {
        remediation: 'Add source, or the path of a file in the pack.',
      });
  });
  for (const step of allSteps(pack)) checkUses(step, { secrets, approvals, policies }, reading);
}

interface Names {
  readonly secrets: Declared;
  readonly approvals: Declared;
  readonly policies: Declared;
}

function checkUses({ at, body }: PackStep, { secrets, approvals, policies }: Names, reading: Reading): void {
  if (body.kind === 'gate') {
    if (body.gate.kind === 'approval')
      return approvals.mustHave(body.gate.approval, `${at}/gate/approval`, 'PACK_UNKNOWN_APPROVAL');
    policies.mustHave(body.gate.policy, `${at}/gate/policy`, 'PACK_UNKNOWN_POLICY');
    approvals.mustHave(body.gate.overrideApproval ?? '', `${at}/gate/overrideApproval`, 'PACK_UNKNOWN_APPROVAL');
    return;
  }
  if (body.kind !== 'run') return;
  const names = new Set<string>();
  body.secrets.forEach((use, index) => {
    const place = pointerTo(`${at}/run/secrets`, use.kind === 'inner' ? use.inner : index);
    secrets.mustHave(use.name, place, 'PACK_UNKNOWN_SECRET');
  });
  for (const [inner, name] of Object.entries(body.approvals))
    approvals.mustHave(name, pointerTo(`${at}/run/approvals`, inner), 'PACK_UNKNOWN_APPROVAL');
  body.artifacts.forEach(({ name }, index) => {
    if (names.has(name) && name !== '')
      reading.fault(
        'PACK_DUPLICATE_NAME',
        `${at}/run/artifacts/${index}/name`,
        `The step already has an artifact ${name}.`,
      );
    names.add(name);
  });
  if (body.uses === '' || body.uses.startsWith('pack:')) return;
  for (const [field, isStated] of [
    ['approvals', Object.keys(body.approvals).length > 0],
    ['secrets', body.secrets.some((use) => use.kind === 'inner')],
  ] as const) {
    if (!isStated) continue;
    const message = `${field} can be passed only to inner packs; ${shown(body.uses)} is not a pack.`;
    const remediation = field === 'secrets' ? 'Write the secrets as a list.' : 'Remove the field.';
    reading.fault('PACK_FIELD_NOT_ALLOWED', `${at}/run/${field}`, message, { key: true, remediation });
  }
}

/** Declared names. Checks are skipped if the list itself could not be read. */
class Declared {
  readonly #names: readonly string[];
  readonly #isSound: boolean;

  constructor(
    names: readonly string[],
    isFaulty: boolean,
    private readonly noun: string,
    private readonly reading: Reading,
  ) {
    this.#names = names;
    this.#isSound = !isFaulty && !names.includes('');
  }

  mustHave(name: string, at: string, code: UnknownName): void {
    if (name === '' || !this.#isSound || this.#names.includes(name)) return;
    const near = this.reading.guess(name, this.#names);
    const note = near === null ? {} : { remediation: `Did you mean ${near}?` };
    this.reading.fault(code, at, `The ${this.noun} ${shown(name)} is not declared.`, note);
  }
}

/** True if a value has an input's type. A file is known by digest and size only when a run is submitted. */
export function isOfType(value: Json, type: ValueType): boolean {
  switch (type) {
    case 'array':
      return isJsonArray(value);
    case 'object':
      return isJsonObject(value);
    case 'integer':
      return Number.isInteger(value);
    case 'file':
      return false;
    case 'string':
    case 'number':
    case 'boolean':
      return typeof value === type;
  }
}

function checkDefault(input: InputRule, at: string, reading: Reading): void {
  if (input.default === null || reading.isFaulty(`${at}/type`) || reading.isFaulty(at)) return;
  const place = `${at}/default`;
  if (!isOfType(input.default, input.type))
    reading.fault('PACK_INPUT_DEFAULT', place, `The default of ${input.name} is not of type ${input.type}.`);
  else if (input.enum !== null && !input.enum.some((value) => canonical(value) === canonical(input.default)))
    reading.fault('PACK_INPUT_DEFAULT', place, `The default of ${input.name} is not in its enum.`);
}
