import { pointerTo } from '../../document/json-pointer';
import { nameOf } from '../reading/fault-words';
import { STEP_KINDS } from '../model/pack-step';
import type { Reading } from '../reading/reading';
import type { Published } from './object-schema';
import { composed, type Entries, entriesOf, kindOf, type Written } from '../reading/written';

/** `sealed_install`, of packs and of steps. */
export const SEALED_INSTALL: Published = { name: 'sealed_install', of: 'sealedInstall', schema: null };

type Normalise = (entries: Entries, at: string, reading: Reading) => Entries;

/** Gives entries their canonical names. An entry under both names is a fault. */
export function renamed(names: Readonly<Record<string, string>>): Normalise {
  return (entries, at, reading) => {
    const result = new Map<string, Written>();
    for (const [name, written] of entries) {
      const canonical = Object.hasOwn(names, name) ? (names[name] as string) : name;
      if (canonical !== name && entries.has(canonical)) {
        const place = pointerTo(at, name);
        reading.place(place, written, at, name);
        reading.fault('PACK_SPELLED_TWICE', place, `${name} and ${canonical} are the same field.`, { key: true });
      } else result.set(canonical, written);
    }
    return result;
  };
}

/** `backoffSeconds: n` is a fixed delay of n seconds, without jitter. */
export const retrySpellings: Normalise = (entries, at, reading) => {
  const seconds = entries.get('backoffSeconds');
  if (seconds === undefined) return entries;
  const { value } = seconds;
  const isDelay = typeof value === 'number' && value >= 0;
  const result = new Map(renamed({ backoffSeconds: 'backoff' })(entries, at, reading));
  if (!isDelay) {
    const place = pointerTo(at, 'backoffSeconds');
    const found = typeof value === 'number' ? String(value) : kindOf(value);
    reading.place(place, seconds, at, 'backoffSeconds');
    reading.fault('PACK_FIELD_TYPE', place, `backoffSeconds must be a number of seconds; it is ${found}.`);
    if (!entries.has('backoff')) result.delete('backoff');
  } else if (!entries.has('backoff')) result.set('backoff', { at: seconds.at, value: `PT${value}S` });
  if (!result.has('factor')) result.set('factor', { at: seconds.at, value: 1 });
  if (!result.has('jitter')) result.set('jitter', { at: seconds.at, value: false });
  return result;
};

/** `step` is a list with one step. */
export const mapSpellings: Normalise = (entries, at, reading) => {
  const step = entries.get('step');
  const result = new Map(renamed({ step: 'steps' })(entries, at, reading));
  if (step !== undefined && !entries.has('steps'))
    result.set('steps', { value: [step.value], at: step.at, items: [step] });
  return result;
};

/** Moves the members of `policy: {policy, parameters}` and `approval: {id, message}` to the gate itself. */
export const gateSpellings: Normalise = (entries, at, reading) => {
  let result = entries;
  for (const name of ['policy', 'approval']) {
    const written = result.get(name);
    const inner = written === undefined ? null : entriesOf(written);
    if (inner === null) continue;
    const outer = new Map(result);
    outer.delete(name);
    const names = { parameters: 'with', id: name };
    const child = pointerTo(at, name);
    for (const [part, value] of renamed(names)(inner, child, reading)) {
      if (part !== name && (outer.has(part) || (part === 'with' && outer.has('parameters'))))
        spelledTwice(part, value, at, reading);
      else outer.set(part, value);
    }
    // A gate without a name keeps its kind: it does not become the other kind.
    if (!outer.has(name) && outer.has(name === 'policy' ? 'approval' : 'policy'))
      reading.fault('PACK_FIELDS_EXCLUSIVE', at, `${nameOf(at)} must have exactly one of approval and policy.`);
    result = outer;
  }
  return renamed({ parameters: 'with' })(result, at, reading);
};

function spelledTwice(name: string, written: Written, at: string, reading: Reading): void {
  const place = pointerTo(at, name);
  reading.place(place, written, at, name);
  reading.fault('PACK_SPELLED_TWICE', place, `${name} is set twice: inside the body and next to it.`, { key: true });
}

/** The entries beside `id` for each published `type`. */
const BESIDE_ID = {
  loop: [
    'items',
    'until',
    'delay',
    'body',
    'maxIterations',
    'aggregation',
    'iterator',
    'index',
    'outputs',
    'continueOnError',
  ],
  conditional: ['branches', 'else'],
  'gate.approval': ['approval', 'message', 'show', 'form'],
  'gate.policy': ['policy', 'parameters', 'with', 'overrideApproval'],
} as const;
const TYPES: Readonly<Record<string, string>> = { 'policy-gate': 'gate.policy' };
/** All values of `type`. */
const STEP_TYPES = [...STEP_KINDS, 'gate.approval', 'gate.policy', 'policy-gate'] as const;

/** The published spellings of a step's kind: `gate.approval: {…}`, and `type: loop` with the body's entries beside `id`. */
export const stepSpellings: Normalise = (entries, at, reading) => {
  let result = new Map(renamed({ sealed_install: 'sealedInstall' })(entries, at, reading));
  result = withType(result, at);
  for (const kind of ['approval', 'policy']) {
    const name = `gate.${kind}`;
    const written = result.get(name);
    if (written === undefined || result.has('gate')) continue;
    const inner = entriesOf(written);
    const parts = inner === null || inner.has(kind) || inner.has('id') ? inner : null;
    result.delete(name);
    // A gate without a name keeps its kind, so the missing name is reported.
    const named = new Map(inner ?? [[kind, written]]);
    if (inner !== null && parts === null) named.set(kind, { value: null, at: written.at });
    if (named.has('id') && named.has(kind)) {
      const child = pointerTo(at, name);
      reading.place(`${child}/id`, named.get('id') as Written, child, 'id');
      reading.fault('PACK_SPELLED_TWICE', `${child}/id`, `id and ${kind} are the same field.`, { key: true });
      named.delete('id');
    } else if (named.has('id')) {
      named.set(kind, named.get('id') as Written);
      named.delete('id');
    }
    result.set('gate', composed(written.at, named));
  }
  return result;
};

function withType(entries: Map<string, Written>, at: string): Map<string, Written> {
  const type = entries.get('type')?.value;
  if (typeof type !== 'string') return entries;
  const kind = TYPES[type] ?? type;
  if (!STEP_TYPES.some((known) => known === kind)) return entries;
  const beside = Object.hasOwn(BESIDE_ID, kind) ? BESIDE_ID[kind as keyof typeof BESIDE_ID] : null;
  const isStated = entries.has(kind) || (kind.startsWith('gate.') && entries.has('gate'));
  if (beside === null && !isStated) return entries;
  const result = new Map(entries);
  result.delete('type');
  if (isStated || beside === null) return result;
  const body = new Map<string, Written>();
  for (const name of beside) {
    const written = result.get(name);
    if (written === undefined || !result.delete(name)) continue;
    body.set(name, written);
  }
  if (kind === 'conditional' && !body.has('branches')) moveOnlyBranch(result, body, at);
  result.set(kind, composed(entries.get('type')?.at ?? at, body));
  return result;
}

/** `when`, `then`, `else` beside `id`: one branch. */
function moveOnlyBranch(step: Map<string, Written>, body: Map<string, Written>, at: string): void {
  const branch = new Map<string, Written>();
  for (const name of ['when', 'then']) {
    const written = step.get(name);
    if (written !== undefined && step.delete(name)) branch.set(name, written);
  }
  const place = branch.get('then')?.at ?? branch.get('when')?.at ?? at;
  if (branch.size > 0) body.set('branches', { value: [{}], at: place, items: [composed(place, branch)] });
}
