import type { PublishedPack } from '@taskrunner/client';

/** A pack with all of its versions that the tenant can see. */
export interface PackVersions {
  readonly name: string;
  /** Newest first; at least one. */
  readonly versions: readonly PublishedPack[];
  readonly latest: PublishedPack;
}

/** The packs by name, each with its versions, newest first. Releases come before what precedes them (semver.org §11). */
export function groupPacks(packs: readonly PublishedPack[]): readonly PackVersions[] {
  const byName = new Map<string, PublishedPack[]>();
  for (const pack of packs) byName.set(pack.name, [...(byName.get(pack.name) ?? []), pack]);
  return [...byName]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .flatMap(([name, found]) => {
      const versions = found.sort((one, other) => compareVersions(other.version, one.version));
      const latest = versions.find(({ version }) => !version.includes('-')) ?? versions[0];
      return latest === undefined ? [] : [{ name, versions, latest }];
    });
}

/** Those whose name or description contains a text, whatever its case. */
export function packsWith(packs: readonly PackVersions[], q: string): readonly PackVersions[] {
  const wanted = q.toLowerCase();
  return packs.filter(({ name, latest }) => `${name} ${latest.description ?? ''}`.toLowerCase().includes(wanted));
}

/** Order of semantic versions: negative, if the first comes before the other. */
export function compareVersions(one: string, other: string): number {
  const [left, right] = [partsOf(one), partsOf(other)];
  for (let at = 0; at < 3; at++) {
    const difference = Number(left.core[at] ?? 0) - Number(right.core[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.pre.length === 0 || right.pre.length === 0) return right.pre.length - left.pre.length;
  for (let at = 0; at < Math.max(left.pre.length, right.pre.length); at++) {
    const difference = comparePart(left.pre[at], right.pre[at]);
    if (difference !== 0) return difference;
  }
  return 0;
}

function comparePart(one: string | undefined, other: string | undefined): number {
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? -1 : 1;
  const [isNumber, isOtherNumber] = [/^\d+$/.test(one), /^\d+$/.test(other)];
  if (isNumber && isOtherNumber) return Number(one) - Number(other);
  if (isNumber !== isOtherNumber) return isNumber ? -1 : 1;
  return one === other ? 0 : one < other ? -1 : 1;
}

function partsOf(version: string) {
  const [text = ''] = version.split('+');
  const at = text.indexOf('-');
  const core = (at < 0 ? text : text.slice(0, at)).split('.');
  return { core, pre: at < 0 ? [] : text.slice(at + 1).split('.') };
}
