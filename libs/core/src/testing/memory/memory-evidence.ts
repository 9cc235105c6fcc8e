import { canonical } from '../../lib/canonical/canonical';
import { digestOf } from '../../lib/canonical/digest';
import type { RunId } from '../../lib/foundation/ids';
import { decodeEnvelope } from '../../lib/evidence/encoding/envelope';
import { factsOf } from '../../lib/evidence/records/run-facts';
import { streamsOf, type PackFile, type RunEvidence } from '../../lib/evidence/records/run-evidence';
import { NO_FILES } from '../../lib/pack/pack-files';
import { toManifest } from '../../lib/pack/pack-digest';
import { readPack } from '../../lib/pack/read-pack';
import { aKey, trustedKey, trustOf, SAMPLE_BUILDER, type Sample } from '../sample-signing';
import type { PlayedRun } from '../paired-run';
import type { MemoryWorld } from './memory-world';

/** What a run in memory leaves as evidence, without files of its pack, and keys that sign it as the product does. */
export function evidenceOf({ world, run }: PlayedRun, manifest: string, signers = newSigners()): Sample {
  const read = readPack(manifest, NO_FILES);
  if (read.kind !== 'read') throw new TypeError('the manifest was planned and cannot be read');
  const keys = { ...keysOf(world), ...signers };
  return {
    evidence: recordsOf(world, run, canonical(toManifest(read.pack)), []),
    keys,
    trust: trustOf(Object.values(keys)),
  };
}

/** Keys of a worker. */
export function newSigners(): Pick<Sample['keys'], 'run' | 'bundle'> {
  return { run: aKey('run-open'), bundle: aKey('bundle') };
}

function keysOf(world: MemoryWorld): Pick<Sample['keys'], 'admission' | 'ledger'> {
  const known = world['keys'];
  const { admission, ledger } = known;
  return {
    admission: { privateKey: admission.privateKey, trusted: trustedKey(admission.publicKey, 'admission', 'ed25519') },
    ledger: { privateKey: ledger.privateKey, trusted: trustedKey(ledger.publicKey, 'ledger', 'ed25519') },
  };
}

function recordsOf(world: MemoryWorld, run: RunId, manifest: string, files: readonly PackFile[]): RunEvidence {
  const { claimed } = world.run(run);
  const pages = world.pages.get(run) ?? [];
  const taken = new Set(
    factsOf(pages).entries.flatMap(({ event }) => (event.type === 'gate.decided' ? [event.record] : [])),
  );
  return {
    admission: claimed.admission,
    plan: claimed.plan,
    profile: claimed.profile,
    environment: claimed.environment,
    pack: { manifest, files, signatures: [] },
    pages,
    gates: [...(world.gates.get(run)?.values() ?? [])].map(({ request, show }) => ({
      request: canonical(request),
      show: canonical(show),
    })),
    // A decision that came after the run had ended is in no journal and in no bundle.
    decisions: (world.inbox.get(run) ?? []).flatMap(({ envelope }) =>
      envelope && taken.has(decodeEnvelope(envelope).digest) ? [envelope] : [],
    ),
    resolutions: [],
    logs: streamsOf((world.chunks.get(run) ?? []).filter(({ firstLine }) => firstLine !== null)),
    egress: new Map(),
    probes: new Map(),
    artifacts: new Map(),
    asserted: { builder: SAMPLE_BUILDER, audit: { seq: 1, head: digestOf('audit') } },
  };
}
