// Offline verification of a bundle, including the start of the program and the reading of the tar. The command and the single-file verifier
// are measured in turns, on a run of 1 000 steps and on a journal of 100 000 entries.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildVerifier } from '../../build-verifier.mjs';
import { sampleRun, sealBundle } from '@taskrunner/core/testing';
import { writeTar } from '@taskrunner/infrastructure/archive';
import { line } from '../lines.mjs';
import { median } from '../median.mjs';
import { ROOT } from '../product.mjs';

/** Number of items in the sample's map: there are two other steps, and each item makes nine entries. */
const SIZES = { steps: { regions: 998, target: 1_000 }, entries: { regions: 11_500, target: 3_000 } };
/** One round. The start of a process takes less time than the differences between machines. */
const TURNS = 5;

async function writeSample(folder, regions) {
  const sample = await sampleRun({ regions });
  const files = sealBundle(sample);
  const [bundle, trust] = [join(folder, `${regions}.tar`), join(folder, `${regions}.json`)];
  const pieces = [];
  for await (const piece of writeTar([...files.keys()].sort().map((path) => ({ path, bytes: files.get(path) }))))
    pieces.push(piece);
  writeFileSync(bundle, Buffer.concat(pieces));
  writeFileSync(trust, JSON.stringify(sample.trust));
  const entries = sample.evidence.pages.reduce((sum, page) => sum + page.entries.length, 0);
  return { bundle, trust, entries, steps: regions + 2 };
}

function tookBy(program, { bundle, trust }) {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, [program, 'verify', bundle, '--trust', trust], { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${program}: the bundle does not verify`);
  return performance.now() - began;
}

async function* verification({ rounds }) {
  const folder = mkdtempSync(join(tmpdir(), 'taskrunner-bench-'));
  try {
    const cli = join(ROOT, 'apps/cli/bin/taskrunner.js');
    const verifier = join(folder, 'taskrunner-verify.mjs');
    writeFileSync(verifier, await buildVerifier());
    for (const [of, { regions, target }] of Object.entries(SIZES)) {
      const sample = await writeSample(folder, regions);
      const took = { command: [], file: [] };
      for (let turn = 0; turn < Math.max(rounds, TURNS); turn++) {
        took.command.push(tookBy(cli, sample));
        took.file.push(tookBy(verifier, sample));
      }
      const { entries, steps } = sample;
      const [command, file] = [median(took.command), median(took.file)];
      const [name, size] = [`verify-${of}`, { entries, steps }];
      yield line({ name, value: command, unit: 'ms', target, better: 'less', ...size });
      yield line({
        ...{ name: `${name}-in-one-file`, value: file, unit: 'ms', peer: 'command', ratio: file / command },
        ...{ target: 1.1, better: 'less', ...size },
      });
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export const measures = { verification: { whole: verification } };
