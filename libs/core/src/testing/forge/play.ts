import { BrandedError } from '../../lib/foundation/branded-error';
import { createHmac, createPublicKey } from 'node:crypto';
import { canonical } from '../../lib/canonical/canonical';
import { digestOf, sha256 } from '../../lib/canonical/digest';
import { PAYLOAD_TYPE, type AdmissionRecord } from '../../lib/evidence/records/documents';
import { buildPackStatement } from '../../lib/evidence/statement/pack-signature';
import { streamsOf, type RunEvidence } from '../../lib/evidence/records/run-evidence';
import { withholdSecrets } from '../../lib/evidence/records/withheld';
import type { Digest, RunId } from '../../lib/foundation/ids';
import type { Json, JsonObject } from '../../lib/foundation/json';
import { RunDriver } from '../../lib/operations/driver/drive-run';
import { toManifest } from '../../lib/pack/pack-digest';
import type { ReadPack } from '../../lib/pack/read-pack';
import type { Planned } from '../../lib/plan/plan-request';
import { SecretProvider } from '../../lib/ports/runs/secret-provider';
import { SensitiveInputs } from '../../lib/ports/runs/sensitive-inputs';
import { MemoryWorld } from '../memory/memory-world';
import { signed, signedStatement } from '../sample-signing';
import { Actor, type Left } from './actor';
import type { Keys } from './keys';
import { People, type Posted } from './people';
import { builderOf, environmentOf, planOf, probeOf, readOf } from './planned-scenario';
import type { Lies, Scenario } from './scenario';

/** A run that has ended, and what it left. */
export interface Played {
  readonly scenario: Scenario;
  readonly evidence: RunEvidence;
  readonly posted: readonly Posted[];
  readonly planned: Planned;
  /** The run that this one did again. */
  readonly original: Played | null;
}

/** Who plays, and whose decisions are kept where people sign nothing anew. */
export interface PlayOptions {
  readonly keys: Keys;
  /** Tells the runs of a corpus apart. */
  readonly place: number;
  readonly lies?: Lies;
  readonly kept?: readonly Posted[];
}

/** The run halted or never ended, so there is no bundle: the engine itself found something. */
export class NotPlayed extends BrandedError {
  static {
    this.brand('NotPlayed');
  }
}

/**
 * Plays the run of a scenario to its end, in memory. Throws `NotPlayed` if it halts. A run without lies must end as its scenario says. A run
 * with lies may end otherwise: its bundle is then forged all the same.
 */
export async function play(scenario: Scenario, options: PlayOptions): Promise<Played> {
  return playIn(new Stage(options), scenario, options);
}

async function playIn(stage: Stage, scenario: Scenario, options: PlayOptions): Promise<Played> {
  const { again } = scenario;
  const { lies: _lies, kept: _kept, ...honest } = options;
  const original = again ? await playIn(stage, again.of, honest) : null;
  return stage.play(scenario, options, original);
}

class Vault extends SecretProvider {
  constructor(private readonly values: Readonly<Record<string, string>>) {
    super();
  }
  async read(ref: string): Promise<{ value: Uint8Array; version: null }> {
    return { value: new TextEncoder().encode(this.values[ref] ?? ''), version: null };
  }
}

/** Values lie as they are: nothing here is about their encryption. */
class OpenInputs extends SensitiveInputs {
  seal(_place: unknown, text: string): Uint8Array {
    return new TextEncoder().encode(text);
  }
  open(_place: unknown, sealed: Uint8Array): Json {
    return JSON.parse(new TextDecoder().decode(sealed)) as Json;
  }
  digest(_tenant: unknown, text: string): Digest {
    return sha256(`sensitive ${text}`);
  }
}

const ENDS = new Set(['succeeded', 'failed', 'cancelled']);

/** The build that the corpus's worker names. */
const BUILD = digestOf('build');
/** Versions of secrets are keyed: the same in every round. */
const MAC_KEY = 'a key of nobody';

class Stage {
  private readonly world = new MemoryWorld();
  private readonly runs = new Map<Scenario, RunId>();

  constructor({ keys, place }: PlayOptions) {
    const { world } = this;
    world['next'] = BigInt(place * 256 + 1);
    const pair = ({ privateKey, trusted }: Keys['ledger']) => ({ privateKey, publicKey: publicOf(trusted.spki) });
    Object.assign(world['keys'], { admission: pair(keys.admission), ledger: pair(keys.ledger) });
  }

  async play(scenario: Scenario, options: PlayOptions, original: Played | null): Promise<Played> {
    const { world } = this;
    const { keys, lies = {}, kept = [] } = options;
    const read = readOf(scenario);
    const planned = planOf(scenario, read);
    const probe = probeOf(scenario, lies);
    const run = this.admit(scenario, planned, options);
    const left: Left = { artifacts: new Map(), egress: new Map() };
    const isAnew = lies.decisions === 'anew' || kept.length === 0;
    const people = new People(world, run, { scenario, lies, keys, kept: isAnew ? null : kept });
    await this.drive(run, scenario, lies, planned, probe, left, people);
    this.checkEnd(run, scenario, options.lies === undefined);
    const evidence = this.evidenceOf(run, scenario, read, planned, keys, probe, left, people);
    return { scenario, evidence, posted: people.posted, planned, original };
  }

  /** Submits the run, under the environment and the profile that it was planned with. */
  private admit(scenario: Scenario, planned: Planned, { lies = {}, keys }: PlayOptions): RunId {
    const { world } = this;
    world.at += 60_000;
    const { plan, text, planHash, profile, profileDigest } = planned;
    const { again, publishers = 0 } = scenario;
    const signers = keys.publishers.slice(0, publishers).map(({ trusted }) => trusted.keyid);
    const of = again ? this.runs.get(again.of) : undefined;
    const rerun = again && of ? { of, from: again.from } : null;
    const run = world.submit(plan, plan.inputs, [...signers].sort(), profile.egress, profile.secrets, rerun);
    this.runs.set(scenario, run);
    const stored = world.run(run);
    const before = JSON.parse(Buffer.from(stored.claimed.admission.payload, 'base64').toString()) as AdmissionRecord;
    const record: AdmissionRecord = {
      ...before,
      pack: { ...before.pack, sourceDigest: digestOf(`source of ${scenario.name}`) },
      planHash,
      profileDigest,
      nonce: digestOf(`admission of ${scenario.name}`).slice(7, 39),
    };
    const restated = lies.admission?.(record) ?? record;
    const payload = new TextEncoder().encode(canonical(restated as unknown as Json));
    const environment = canonical(environmentOf(scenario) as unknown as Json);
    Object.assign(stored.claimed, {
      plan: text,
      planHash,
      profile: canonical(profile as unknown as Json),
      profileDigest,
      environment,
      // Who signs the admission writes the rows too.
      pack: rowOf(restated.pack),
      admission: signed(keys.admission, PAYLOAD_TYPE.admission, payload),
      admissionDigest: sha256(payload),
    });
    const sensitive = Object.entries(scenario.sensitive ?? {});
    world.sensitive.set(
      run,
      sensitive.map(([name, value]) => ({ name, sealed: new OpenInputs().seal(null, canonical(value)) })),
    );
    world.at += 1_000;
    return run;
  }

  private async drive(
    run: RunId,
    scenario: Scenario,
    lies: Lies,
    planned: Planned,
    probe: JsonObject,
    left: Left,
    people: People,
  ): Promise<void> {
    const { world } = this;
    const executors = planned.plan.executors.map(
      (uses) => new Actor(uses, { scenario, lies, plan: planned.plan, profile: planned.profile }, left),
    );
    let nonces = 0;
    const secrets = scenario.secrets ?? {};
    for (let round = 0; round < 60; round++) {
      const honest = world.dependencies(executors);
      const dependencies = {
        ...honest,
        worker: {
          ...honest.worker,
          name: 'w',
          version: '1',
          build: BUILD,
          probe: digestOf(probe),
          ...lies.worker,
        } as typeof honest.worker,
        clock: { now: () => world.at + (lies.late ?? 0) },
        mac: (text: string) => createHmac('sha256', MAC_KEY).update(text).digest('hex'),
        nonce: () => digestOf(`${scenario.name} nonce ${nonces++}`).slice(7, 39),
        secrets: {
          bindings: Object.keys(secrets).map((name) => ({
            name,
            provider: 'vault',
            ref: name,
            tenants: ['*'],
            packs: ['*'],
            signedBy: ['unsigned'],
            requireGate: false,
            requireSealed: false,
            rotation: 'refuse' as const,
          })),
          providers: new Map([['vault', new Vault(secrets)]]),
          providerFailed: () => undefined,
          sensitive: new OpenInputs(),
        },
        ...(scenario.snapshotEntries === undefined ? {} : { snapshotEntries: scenario.snapshotEntries }),
      };
      const driver = await RunDriver.open(dependencies, world.claim(run));
      if (typeof driver === 'string')
        throw new NotPlayed(`the run is ${driver}: ${JSON.stringify(world.alarms.at(-1) ?? null)}`);
      lies.plan?.(driver['restored'].index);
      const driven = await driver.drive();
      if (driven === 'ended') break;
      if (driven !== 'parked' && driven !== 'handed-over') throw new NotPlayed(`the run is ${driven}`);
      if (people.act() || driven === 'handed-over') continue;
      const { dueAt } = world.run(run);
      if (dueAt === null) throw new NotPlayed('the run waits for ever');
      world.at = Math.max(world.at, dueAt);
    }
  }

  private checkEnd(run: RunId, { ends }: Scenario, isHonest: boolean): void {
    const { status, run: row } = this.world.run(run);
    if (isHonest ? status !== ends : !ENDS.has(status))
      throw new NotPlayed(`the run is ${status}, not ${ends}: ${JSON.stringify(row?.error ?? null)}`);
  }

  private evidenceOf(
    run: RunId,
    scenario: Scenario,
    read: ReadPack,
    planned: Planned,
    keys: Keys,
    probe: JsonObject,
    left: Left,
    people: People,
  ): RunEvidence {
    const { world } = this;
    const { claimed } = world.run(run);
    const statement = buildPackStatement(planned.plan.pack, null);
    const isResolution = ({ envelope }: Posted): boolean => envelope.payloadType === PAYLOAD_TYPE.resolution;
    const evidence: RunEvidence = {
      admission: claimed.admission,
      plan: claimed.plan,
      profile: claimed.profile,
      environment: claimed.environment,
      pack: {
        manifest: canonical(toManifest(read.pack)),
        files: Object.entries(scenario.files ?? {})
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([path, text]) => ({
            path,
            digest: sha256(text),
            size: Buffer.byteLength(text),
            executable: path.endsWith('.sh'),
            bytes: new TextEncoder().encode(text),
          })),
        signatures: keys.publishers.slice(0, scenario.publishers ?? 0).map((key) => signedStatement(key, statement)),
      },
      pages: (world.pages.get(run) ?? []).map(({ first, entries, values, prev, hash }) => ({
        first,
        entries,
        values,
        prev,
        hash,
      })),
      gates: [...(world.gates.get(run)?.values() ?? [])].map(({ request, show }) => ({
        request: canonical(request),
        show: canonical(show),
      })),
      decisions: people.posted.filter((one) => !isResolution(one)).map(({ envelope }) => envelope),
      resolutions: people.posted.filter(isResolution).map(({ envelope }) => envelope),
      logs: streamsOf((world.chunks.get(run) ?? []).filter(({ firstLine }) => firstLine !== null)),
      egress: left.egress,
      probes: new Map([[digestOf(probe), canonical(probe)]]),
      artifacts: left.artifacts,
      asserted: { builder: builderOf(scenario), audit: { seq: 42, head: digestOf('audit') } },
    };
    const { withholds } = scenario;
    return withholds ? withholdSecrets(evidence, (bytes) => withholds.test(new TextDecoder().decode(bytes))) : evidence;
  }
}

function rowOf({ name, version, contentDigest, sourceDigest }: AdmissionRecord['pack']): object {
  return { name, version, contentDigest, sourceDigest };
}

function publicOf(spki: string): ReturnType<typeof createPublicKey> {
  return createPublicKey({ key: Buffer.from(spki, 'base64'), format: 'der', type: 'spki' });
}
