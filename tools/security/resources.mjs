// Objects of a tenant, read through the API as that tenant.
import { createHash, randomBytes, randomUUID } from 'node:crypto';

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const A_TO_Z = 'abcdefghijklmnopqrstuvwxyz';
/** Arbitrary last characters of an id; its time and version come before them. */
const FREE = 8;
/** A pack without gates. Its runs are queued or end. */
export const PLAIN = `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: security-plain, version: 1.0.0 }
spec:
  inputs: [ { name: report, type: file, required: false } ]
  steps: [ { id: greet, run: { uses: "builtin:transform", with: { outputs: { text: hello } } } } ]
`;

/** Creates the data for the probes by submitting, uploading and planning, and reads all ids, digests, tags and cursors of the tenant. */
export async function resourcesOf({ server, token, runs: most }) {
  const ask = (path, more = {}) => server.json({ path, token, ...more });
  const key = `security-${randomUUID()}`;
  const held = { manifest: PLAIN, labels: { canary: `canary-${randomUUID()}` } };
  const keyed = await ask('/api/runs', { method: 'POST', body: held, headers: { 'idempotency-key': key } });
  const bytes = randomBytes(48).toString('hex');
  const upload = await server.json({ path: '/api/uploads', token, method: 'POST', bytes });
  for (const number of [1, 2]) await ask('/api/schedules', { method: 'POST', body: scheduleOf(number) });
  const cursors = await cursorsOf(ask, ['/api/runs', '/api/approvals', '/api/schedules', '/api/packs', '/api/audit']);
  const runs = [];
  for (const run of await pages(ask, '/api/runs', most)) runs.push(await runOf(ask, run, cursors));
  const packs = (await pages(ask, '/api/packs', 10)).map(({ name, version, digest }) => ({ name, version, digest }));
  const schedules = (await pages(ask, '/api/schedules', 4)).map(({ scheduleId }) => ({ scheduleId }));
  return {
    keyed: { runId: keyed.runId, key, body: held },
    upload: { digest: upload.digest, bytes },
    cursors,
    runs,
    packs,
    schedules,
  };
}

function scheduleOf(number) {
  return { name: `security-${number}-${randomUUID()}`, cron: '0 3 * * *', timeZone: 'UTC', manifest: PLAIN };
}

/** One cursor of each list that has a second page. */
async function cursorsOf(ask, paths) {
  const all = [];
  for (const path of paths) {
    const { nextCursor } = await ask(`${path}?limit=1`);
    if (nextCursor !== null) all.push(nextCursor);
  }
  return all;
}

async function pages(ask, path, most) {
  const all = [];
  for (let cursor = null; all.length < most;) {
    const { items, nextCursor } = await ask(`${path}?limit=200${cursor === null ? '' : `&cursor=${cursor}`}`);
    all.push(...items);
    if (nextCursor === null) break;
    cursor = nextCursor;
  }
  return all.slice(0, most);
}

async function runOf(ask, { runId, planHash, pack, evidence }, cursors) {
  const steps = (await ask(`/api/runs/${runId}/steps?limit=4`)).items.map(({ id }) => id);
  cursors.push(...(await cursorsOf(ask, [`/api/runs/${runId}/steps`, `/api/runs/${runId}/gates`])));
  const gates = (await ask(`/api/runs/${runId}/gates?limit=3`)).items.map(({ gateId, gateDigest }) => ({
    gateId,
    gateDigest,
  }));
  const artifacts = (await ask(`/api/runs/${runId}/artifacts`)).items.map(({ artifactId, digest }) => ({
    artifactId,
    digest,
  }));
  return { runId, planHash, packDigest: pack.digest, evidence: evidence.digest, steps, gates, artifacts };
}

/** For each name that belongs only to the tenant, one of the same form that never existed. */
export class Absent {
  #of = new Map();

  constructor({ keyed, upload, cursors, runs, packs, schedules }) {
    const digests = [upload.digest, ...packs.map(({ digest }) => digest)];
    for (const { runId } of [...runs, keyed]) this.#put(runId, absentId(runId));
    for (const { scheduleId } of schedules) this.#put(scheduleId, absentId(scheduleId));
    for (const { artifacts, evidence, gates } of runs) {
      for (const { artifactId, digest } of artifacts) {
        this.#put(artifactId, absentArtifact(artifactId));
        digests.push(digest);
      }
      digests.push(...[evidence, ...gates.map(({ gateDigest }) => gateDigest)].filter((one) => one !== null));
    }
    for (const digest of digests) this.#put(digest, `sha256:${randomBytes(32).toString('hex')}`);
    const names = packs.map(({ name }) => name);
    for (const name of names) this.#put(name, this.#freeWord(name.length, names));
    for (const cursor of cursors)
      this.#put(cursor, randomBytes(cursor.length).toString('base64url').slice(0, cursor.length));
    this.#put(keyed.key, `security-${randomUUID()}`);
    const bytes = randomBytes(48).toString('hex');
    this.#put(upload.bytes, bytes);
    this.#of.set(upload.digest, `sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  }

  #put(real, absent) {
    if (!this.#of.has(real)) this.#of.set(real, absent);
  }

  /** Markers that occur in no other name and contain none, so that they cannot be confused. */
  #freeWord(length, names) {
    const others = [...names, ...[...this.#of].flat()];
    for (let tries = 0; tries < 1_000; tries++) {
      const word = Array.from(randomBytes(length), (byte) => A_TO_Z[byte % A_TO_Z.length]).join('');
      if (!others.some((other) => other.includes(word) || word.includes(other))) return word;
    }
    throw new Error(`no word of ${length} letters is free`);
  }

  /** The longer of two names first, because it may contain the other. */
  get #longestFirst() {
    return [...this.#of].sort(([a], [b]) => b.length - a.length);
  }

  /** The same text with each real name replaced by its absent one. */
  twin(text) {
    let twin = text;
    for (const [real, absent] of this.#longestFirst) twin = twin.replaceAll(real, absent);
    return twin;
  }

  /** The same text with one marker for a real name and its absent one. */
  plain(text) {
    let plain = text;
    let number = 0;
    for (const [real, absent] of this.#longestFirst) {
      number++;
      if (plain.includes(real) || plain.includes(absent))
        plain = plain.replaceAll(real, `<${number}>`).replaceAll(absent, `<${number}>`);
    }
    return plain;
  }

  /** Names that must never be shown to others. */
  get names() {
    return [...this.#of.keys()];
  }
}

/** An id of the same form: its time and version are kept. */
export function absentId(id) {
  return id.slice(0, -FREE) + Array.from(randomBytes(FREE), (byte) => ALPHABET[byte % 32]).join('');
}

function absentArtifact(id) {
  return `${id.slice(0, -4)}${randomBytes(2).toString('hex')}`;
}
