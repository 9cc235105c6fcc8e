// Throughput of an artifact from a step's folder into the object store: read by the collector, hashed and written. The reference is
// sha256sum on a file of the same size, which only reads and hashes. The step reports when its file is complete, because writing it takes
// longer and varies more than the measured part. The remaining time of a run without an artifact is subtracted.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { line, rounded } from '../lines.mjs';
import { untilSealed, waitForEnd } from '../load.mjs';
import { median } from '../median.mjs';
import { startProduct } from '../product.mjs';
import { setting } from '../settings.mjs';

const MIB = setting('BENCH_ARTIFACT_MIB', 512);

const SOURCE = `head -c ${MIB}M /dev/urandom > out/file.bin; printf '{"written":%s}' "$(date +%s%3N)" > "$TASKRUNNER_OUTPUTS"`;
const manifest = (artifacts) => `apiVersion: stellaops.io/pack.v1
kind: TaskPack
metadata: { name: bench, version: 1.0.0 }
spec:
  steps:
    - id: make
      run:
        uses: builtin:script
        with: { interpreter: [sh], source: ${JSON.stringify(SOURCE)} }
        artifacts: ${artifacts}
  outputs:
    - { name: written, type: number, value: "{{ steps.make.outputs.written }}" }
`;
const WITH = manifest('[ { name: file, path: file.bin } ]');
const WITHOUT = manifest('[]');

async function* capture({ rounds }) {
  const product = await startProduct();
  const folder = mkdtempSync(join(tmpdir(), 'taskrunner-bench-'));
  /** Milliseconds from the completed file to the end of the run. */
  const took = async (text) => {
    const { runId } = await product.submit({ manifest: text, inputs: {} });
    await waitForEnd(product.database, runId);
    await untilSealed(product.database);
    const { rows } = await product.database.query(
      'select finished_ms as ms from pack_runs.runs order by run_id desc limit 1',
    );
    const { outputs } = await (await product.ask(`/api/runs/${runId}`)).json();
    return Number(rows[0].ms) - outputs.written;
  };
  try {
    const file = join(folder, 'file.bin');
    execFileSync('sh', ['-c', `head -c ${MIB}M /dev/urandom > ${file}`]);
    const hashes = () => {
      const began = performance.now();
      execFileSync('sha256sum', [file]);
      return performance.now() - began;
    };
    await took(WITH);
    const captures = [];
    const sums = [];
    for (let i = 0; i < rounds; i++) {
      const without = await took(WITHOUT);
      captures.push((await took(WITH)) - without);
      sums.push(hashes());
    }
    const [own, sum] = [median(captures), median(sums)];
    const perSecond = (ms) => MIB / (ms / 1_000);
    yield line({
      ...{ name: 'artifact-capture', value: perSecond(own), unit: 'MiB/s', peer: 'sha256sum' },
      ...{ peerValue: rounded(perSecond(sum)), ratio: sum / own, target: 0.8, mib: MIB },
    });
  } finally {
    await product.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

export const measures = { 'artifact-capture': { whole: capture } };
