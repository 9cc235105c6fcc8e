// Plans, simulates and draws a pack and verifies the evidence of a run, with the two libraries alone: no server, no database, no network.
//   node embed.js <pack.tar> <evidence.tar> <trust.json>
import { createReadStream, readFileSync } from 'node:fs';
import { readTrust, verifyRun, verifySignature } from '@taskrunner/core/evidence';
import { isCodedError, type Fault } from '@taskrunner/core/foundation';
import { packFilesOf, packSourceOf, planPack, simulatePack } from '@taskrunner/core/operations';
import { readPack } from '@taskrunner/core/pack';
import { graphOf, mermaidOf } from '@taskrunner/core/plan';
import { defaultSetting } from '@taskrunner/infrastructure/configuration';
import { readTar, readTarFiles } from '@taskrunner/infrastructure/archive';

const LIMITS = { maxBytes: 256 * 1024 ** 2, maxFiles: 10_000, maxFileBytes: 64 * 1024 ** 2 };
const linesOf = (faults: readonly Fault[]): string =>
  faults.map(({ code, message }) => `${code} ${message}`).join('\n');

async function embed(packPath: string, evidencePath: string, trustPath: string): Promise<object> {
  const source = packSourceOf(await readTarFiles(createReadStream(packPath), LIMITS))?.source;
  if (source === undefined) throw new Error(`${packPath} holds no pack`);
  const read = readPack(source.manifest, packFilesOf(source.files));
  if (read.kind === 'refused') throw new Error(linesOf(read.faults));
  const setting = defaultSetting({ pack: read });
  const planning = planPack(source, {}, setting);
  if (planning.kind === 'refused') throw new Error(linesOf(planning.faults));
  const { plan, planHash } = planning.planned;
  const simulation = simulatePack(source, {}, {}, setting);
  if (simulation.kind === 'refused') throw new Error(linesOf(simulation.faults));
  const files = await readTar(createReadStream(evidencePath), LIMITS);
  const trust = readTrust(readFileSync(trustPath, 'utf8'));
  const { ok, run } = verifyRun({ files, trust, verifySignature, now: Date.now() });
  const graph = mermaidOf(graphOf(plan, planHash));
  return { pack: read.pack.metadata.name, planHash, ends: simulation.simulated.status, graph, evidence: { ok, run } };
}

const [pack = '', evidence = '', trust = ''] = process.argv.slice(2);
embed(pack, evidence, trust).then(
  (said) => console.log(JSON.stringify(said, null, 2)),
  (error: unknown) => {
    // A refusal has a code and says what to do, whichever copy of the library it comes from.
    console.error(isCodedError(error) ? `${error.code} ${error.message}: ${error.remediation}` : error);
    process.exitCode = 1;
  },
);
