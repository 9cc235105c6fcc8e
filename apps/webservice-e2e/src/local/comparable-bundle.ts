import type { Json, JsonObject } from '@taskrunner/core/foundation';

/** Members that are never the same for two runs, whoever executes them. */
const OF_A_RUN: Readonly<Record<string, readonly string[]>> = {
  'times of the run': [
    ...['at', 'now', 'ms', 'acceptedAt', 'startedAt', 'endedAt', 'startedOn', 'finishedOn', 'openedAt'],
    ...['decidedAt', 'authTime', 'expiresAt', 'executeBy'],
  ],
  'identifiers and random numbers': ['decisionId', 'nonce'],
  'keys and their signatures': ['sig', 'keyid', 'hint'],
  // The audit chain is that of a tenant, and the local tenant has one run.
  'place in the audit chain': ['audit'],
};

/** Values that say who vouches for the run. Each stands for the same role on both sides. */
export interface Roles {
  readonly run: string;
  readonly tenant: string;
  readonly issuer: string;
  readonly initiator: string;
  readonly approver: string;
  /** The builder id of its Authority. */
  readonly builder: string;
}

/** What the configuration of an installation adds, by the schema of the document: programs that act for people, places for evidence, an engine of containers. */
const OF_AN_INSTALLATION: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'taskrunner.environment.v1': [['approvals', 'floor', 'actors'], ['destinations'], ['executors', 'builtin:container']],
  'taskrunner.gate-request.v1': [['requirement', 'actors']],
};

/** What the probe of a sandbox has tried: an installation has more files to hide, and a database with a port. */
const OF_A_PROBE = 'tried';

const DROPPED = new Set(Object.values(OF_A_RUN).flat());
const DIGEST = /(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])/g;

/** Bundles of the same pack with everything removed or renamed that may differ. What is left is equal. */
export function comparableBundles(
  bundles: readonly (readonly [ReadonlyMap<string, Uint8Array>, Roles])[],
): readonly JsonObject[] {
  const texts = bundles.map(([files]) => readFiles(files));
  const digests = texts.map((files) => new Set(JSON.stringify(files).match(DIGEST) ?? []));
  return bundles.map(([, roles], place) => {
    const others = digests.filter((_, other) => other !== place);
    // A digest of something that differs stands in one bundle only. It is renamed by the order in which the bundle mentions it.
    const isOwn = (digest: string): boolean => !others.every((other) => other.has(digest));
    return new Renaming(roles, isOwn).bundle(texts[place] as JsonObject);
  });
}

/** Documents by their paths. Signed ones are decoded, and lines are lists. */
function readFiles(files: ReadonlyMap<string, Uint8Array>): JsonObject {
  const read: Record<string, Json> = {};
  for (const [path, bytes] of files) {
    const text = Buffer.from(bytes).toString();
    read[path] = path.endsWith('.ndjson')
      ? linesOf(text)
      : path.endsWith('.json')
        ? decoded(JSON.parse(text) as Json)
        : text;
  }
  return read;
}

function linesOf(text: string): Json {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => decoded(JSON.parse(line) as Json));
}

/** Decodes payloads of signatures (DSSE), and lines within documents. */
function decoded(value: Json): Json {
  if (Array.isArray(value)) return (value as readonly Json[]).map(decoded);
  if (typeof value !== 'object' || value === null) return value;
  const document = value as JsonObject;
  return Object.fromEntries(
    Object.entries(document).map(([name, member]) => {
      if (name === 'payload' && typeof member === 'string' && 'signatures' in document)
        return [name, JSON.parse(Buffer.from(member, 'base64').toString()) as Json];
      return [name, name === 'attempts' && typeof member === 'string' ? linesOf(member) : decoded(member)];
    }),
  );
}

class Renaming {
  private readonly names = new Map<string, string>();
  private readonly roles: readonly (readonly [string, string])[];

  constructor(
    roles: Roles,
    private readonly isOwn: (digest: string) => boolean,
  ) {
    this.roles = Object.entries(roles).map(([role, value]) => [`<${role}>`, value] as const);
  }

  /** The journal mentions digests in the order of what happened, so it is read first. The manifest mentions all files, and is read last. */
  bundle(files: JsonObject): JsonObject {
    const { 'journal.ndjson': journal, 'MANIFEST.json': manifest, ...others } = files;
    const events = this.value(entriesOf(journal as Json));
    const rest = this.value(others) as JsonObject;
    const listed = (
      manifest as {
        readonly files: readonly { readonly path: string; readonly size: number; readonly sha256: string }[];
      }
    ).files;
    const sorted = listed.map((file) => [this.text(file.path), file] as const).sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      'journal.ndjson': events,
      ...rest,
      'MANIFEST.json': this.value(sorted.map(([, file]) => file)),
    };
  }

  private value(value: Json): Json {
    if (typeof value === 'string') return this.text(value);
    if (Array.isArray(value)) return (value as readonly Json[]).map((one) => this.value(one));
    if (typeof value !== 'object' || value === null) return value;
    return this.object(value as JsonObject);
  }

  private object(document: JsonObject): JsonObject {
    const left = without(document, OF_AN_INSTALLATION[document['schema'] as string] ?? []);
    const members = Object.entries(left).filter(([name]) => !DROPPED.has(name) && name !== OF_A_PROBE);
    // Bytes of what differs have another size.
    const hasOwn = members.some(([, one]) => typeof one === 'string' && (one.match(DIGEST) ?? []).some(this.isOwn));
    const shown = members.filter(([name]) => !(hasOwn && name === 'size'));
    return Object.fromEntries(shown.map(([name, member]) => [this.text(name), this.value(member)]));
  }

  private text(text: string): string {
    const digests = text.replaceAll(DIGEST, (digest) => (this.isOwn(digest) ? this.nameOf(digest) : digest));
    for (const [name, value] of this.roles) if (digests === value) return name;
    return digests;
  }

  private nameOf(digest: string): string {
    const name = this.names.get(digest) ?? `<digest ${this.names.size + 1}>`;
    this.names.set(digest, name);
    return name;
  }
}

/** Entries and values of a journal. Where its pages end depends on the time that a commit takes. */
function entriesOf(pages: Json): Json {
  const all = pages as readonly { readonly entries: readonly Json[]; readonly values?: JsonObject }[];
  const entries = ordered(all.flatMap((page) => page.entries as readonly JsonObject[]));
  return [entries, Object.assign({}, ...all.map(({ values }) => values)) as JsonObject];
}

/** The lines that a step has printed and the end of its connections come at the same time, in either order. */
function ordered(entries: readonly JsonObject[]): readonly JsonObject[] {
  const typeOf = (entry: JsonObject | undefined): unknown => (entry?.['event'] as JsonObject | undefined)?.['type'];
  const copy = [...entries];
  for (let index = 0; index + 1 < copy.length; index++) {
    const [first, second] = [copy[index], copy[index + 1]];
    if (typeOf(first) !== 'log' || typeOf(second) !== 'egress.closed') continue;
    copy[index] = { ...first, event: second?.['event'] ?? null };
    copy[index + 1] = { ...second, event: first?.['event'] ?? null };
  }
  return copy;
}

function without(document: JsonObject, paths: readonly (readonly string[])[]): JsonObject {
  const copy = structuredClone(document) as Record<string, Json>;
  for (const path of paths) {
    const inner = path.slice(0, -1).reduce<Json>((at, name) => (at as JsonObject)[name] ?? {}, copy);
    delete (inner as Record<string, Json>)[path.at(-1) ?? ''];
  }
  return copy;
}
