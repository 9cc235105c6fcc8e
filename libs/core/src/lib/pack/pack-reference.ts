import { isDigest, type Digest } from '../foundation/ids';

/** A pack in a registry: a version by its name, or an artifact by its digest. It never names a host. */
export type PackReference =
  | { readonly name: string; readonly version: string; readonly digest: null }
  | { readonly name: string; readonly version: null; readonly digest: Digest };

const NAME = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NUMBER = '(?:0|[1-9][0-9]*)';
const PART = '(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*)';
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-${PART}(?:\\.${PART})*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
);
/** Longest name of a version: what a tag of an OCI registry can be. */
const VERSION_CHARACTERS = 128;

/** True for a valid `metadata.name`: a DNS label (RFC 1123). Only ASCII, because a name decides what runs. */
export function isPackName(text: string): boolean {
  return NAME.test(text);
}

/** True for a semantic version (semver.org 2.0.0) of at most 128 characters. */
export function isPackVersion(text: string): boolean {
  return text.length <= VERSION_CHARACTERS && VERSION.test(text);
}

/** Reads `name:version` or `name@sha256:…`; null for anything else, such as a path, or a reference with a host in it. */
export function parsePackReference(text: string): PackReference | null {
  const at = text.indexOf('@');
  if (at > 0) {
    const [name, digest] = [text.slice(0, at), text.slice(at + 1)];
    return isPackName(name) && isDigest(digest) ? { name, version: null, digest } : null;
  }
  const colon = text.indexOf(':');
  if (colon < 1) return null;
  const [name, version] = [text.slice(0, colon), text.slice(colon + 1)];
  return isPackName(name) && isPackVersion(version) ? { name, version, digest: null } : null;
}

/** The reference as it is written. */
export function printPackReference({ name, version, digest }: PackReference): string {
  return digest === null ? `${name}:${version}` : `${name}@${digest}`;
}

/** Compares by the precedence of semantic versions (semver.org §11): less than 0, 0 or more than 0. Build metadata is ignored. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)];
  for (let place = 0; place < 3; place++) {
    const difference = compareIdentifiers(left.core[place] ?? '0', right.core[place] ?? '0');
    if (difference !== 0) return difference;
  }
  // A pre-release precedes its release.
  if (left.before.length === 0 || right.before.length === 0) return right.before.length - left.before.length;
  for (let place = 0; place < Math.max(left.before.length, right.before.length); place++) {
    const [one, other] = [left.before[place], right.before[place]];
    if (one === undefined || other === undefined) return one === undefined ? -1 : 1;
    const difference = compareIdentifiers(one, other);
    if (difference !== 0) return difference;
  }
  return 0;
}

function partsOf(version: string): { readonly core: readonly string[]; readonly before: readonly string[] } {
  const [plain = ''] = version.split('+', 1);
  const dash = plain.indexOf('-');
  if (dash < 0) return { core: plain.split('.'), before: [] };
  return { core: plain.slice(0, dash).split('.'), before: plain.slice(dash + 1).split('.') };
}

/** Numbers in numeric order with any number of digits, texts in ASCII order, numbers before texts. */
function compareIdentifiers(a: string, b: string): number {
  const [isNumber, isOtherNumber] = [/^[0-9]+$/.test(a), /^[0-9]+$/.test(b)];
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  if (isNumber && a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}
