// This layer contains no domain verbs and imports nothing from higher layers. Names are branded types, so that one kind cannot be passed
// for another.

declare const brand: unique symbol;
type Brand<T, Name extends string> = T & { readonly [brand]: Name };

/** A tenant's name: ASCII `[a-z0-9._-]`, 1 to 63 characters. */
export type TenantId = Brand<string, 'TenantId'>;
/** A run's public name: `run_` and the 26 base32 characters of its UUIDv7. */
export type RunId = Brand<string, 'RunId'>;
/** A schedule's public name: `sch_` and the 26 base32 characters of its UUIDv7. */
export type ScheduleId = Brand<string, 'ScheduleId'>;
/** The id of a step instance, which is its place: `rollout[3]::approve`. The root is the empty string. */
export type StepId = Brand<string, 'StepId'>;
/** A node's place in the plan: a step id without indexes, `rollout::approve`. The root is the empty string. */
export type NodeId = Brand<string, 'NodeId'>;
/** `sha256:` and 64 lower-case hexadecimal digits. */
export type Digest = Brand<string, 'Digest'>;

/** The characters of a tenant's name. */
export const TENANT_ID = /^[a-z0-9][a-z0-9._-]{0,62}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;
const RUN = /^run_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const RUN_PREFIX = 'run_';
const RUN_LENGTH = 30;
const SCHEDULE = /^sch_[0-7][0-9a-hjkmnp-tv-z]{25}$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const DIGITS = '0123456789abcdef';

/** True if `text` may name a tenant. */
export function isTenantId(text: string): text is TenantId {
  return TENANT_ID.test(text);
}

/** True if `text` is a sha256 digest as this product writes it. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && DIGEST.test(text);
}

/** True if `text` is the public name of a run. */
export function isRunId(text: string): text is RunId {
  return RUN.test(text);
}

/** The first and the last run id that begin with `text`; null if no run id does, or if `text` has no character after `run_`. */
export function runIdsWith(text: string): { readonly first: RunId; readonly last: RunId } | null {
  if (text.length <= RUN_PREFIX.length || !text.startsWith(RUN_PREFIX)) return null;
  const [first, last] = ['0', 'z'].map((digit) => text.padEnd(RUN_LENGTH, digit));
  return first !== undefined && last !== undefined && isRunId(first) && isRunId(last) ? { first, last } : null;
}

/** A shorter end is more probably a part of a name. The console shows ends of this length. */
const SHORTEST_END = 8;
const END = new RegExp(`^[0-9a-hjkmnp-tv-z]{${SHORTEST_END},25}$`, 'i');

/** The hexadecimal digits with which UUIDs of runs end whose id ends with `text`; null if it is too short for an end of an id, or none. */
export function runUuidEnd(text: string): string | null {
  if (!END.test(text)) return null;
  const uuid = uuidOf(text.toLowerCase().padStart(26, '0')).replaceAll('-', '');
  return uuid.slice(-Math.floor((text.length * 5) / 4));
}

/** True if `text` is the public name of a schedule. */
export function isScheduleId(text: string): text is ScheduleId {
  return SCHEDULE.test(text);
}

/** The public name of the run with this UUID. Throws a `TypeError` if it is not a UUID in lower case. */
export function toRunId(uuid: string): RunId {
  return `run_${base32Of(uuid)}` as RunId;
}

/** The public name of the schedule with this UUID. Throws a `TypeError` if it is not a UUID in lower case. */
export function toScheduleId(uuid: string): ScheduleId {
  return `sch_${base32Of(uuid)}` as ScheduleId;
}

/** The UUID behind a run's public name. */
export function runUuid(runId: RunId): string {
  return uuidOf(runId.slice(4));
}

/** The UUID behind a schedule's public name. */
export function scheduleUuid(scheduleId: ScheduleId): string {
  return uuidOf(scheduleId.slice(4));
}

/** 128 bits as 26 characters of five bits each; the first has three. */
function base32Of(uuid: string): string {
  if (!UUID.test(uuid)) throw new TypeError('not a UUID');
  let text = '';
  // Two zero bits precede the first digit.
  let bits = 0;
  let count = 2;
  for (let i = 0; i < uuid.length; i++) {
    if (uuid[i] === '-') continue;
    bits = (bits << 4) | parseInt(uuid[i] as string, 16);
    count += 4;
    if (count < 5) continue;
    count -= 5;
    text += ALPHABET[bits >> count] as string;
    bits &= (1 << count) - 1;
  }
  return text;
}

function uuidOf(text: string): string {
  let hex = '';
  let bits = 0;
  // The two bits before the first digit belong to no digit.
  let count = -2;
  for (let i = 0; i < text.length; i++) {
    bits = (bits << 5) | ALPHABET.indexOf(text[i] as string);
    count += 5;
    while (count >= 4) {
      count -= 4;
      hex += DIGITS[bits >> count] as string;
      bits &= (1 << count) - 1;
    }
  }
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
