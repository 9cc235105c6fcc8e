import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { resealed, sampleRun, sealBundle, type Sample } from '@taskrunner/core/testing';
import { writeTar } from '@taskrunner/infrastructure/archive';
import { commandLineIn, type Ended } from './command-line-in';
import { NODE_ENVIRONMENT } from './node-environment';

export const ROOT = join(__dirname, '..', '..', '..', '..');
export const PROGRAM = join(ROOT, 'apps', 'cli', 'bin', 'taskrunner.js');
export const TRUSTED = ['--trust', 'trust.json'];
const BUILD = join(ROOT, 'tools', 'build-verifier.mjs');

/**
 * A folder with a valid bundle, damaged ones, a trust file and the single-file verifier, as the working directory of this process. Members
 * other than functions are available only after `start`.
 */
export class EvidenceFolder {
  folder!: string;
  sample!: Sample;
  /** Files of the valid bundle. */
  files!: ReadonlyMap<string, Uint8Array>;
  readonly #home = process.cwd();

  async start(): Promise<void> {
    this.folder = mkdtempSync(join(tmpdir(), 'evidence-'));
    this.sample = await sampleRun({ decision: (person) => ({ reason: person === 0 ? 'CVE list <b>read</b>' : null }) });
    this.files = sealBundle(this.sample);
    await this.put('run.tar', this.files);
    await this.put('altered.tar', new Map(this.files).set('artifacts.json', Buffer.from('{}')));
    const plan = Buffer.from(this.files.get('plan.json') ?? [])
      .toString()
      .replace('nginx', 'nginy');
    const forged = [...new Map(this.files).set('plan.json', Buffer.from(plan))].map(([path, bytes]) => ({
      path,
      bytes,
    }));
    await this.put('forged.tar', resealed(this.sample.keys.bundle, forged));
    writeFileSync(join(this.folder, 'garbage.tar'), 'this is no archive, however long one looks at it\n'.repeat(40));
    // In place of the checksum in a tar's first header, a byte that begins a number in base 256.
    writeFileSync(join(this.folder, 'binary.tar'), Buffer.alloc(2_000, 0xd5));
    writeFileSync(join(this.folder, 'empty.tar'), '');
    writeFileSync(join(this.folder, 'cut.tar'), readFileSync(join(this.folder, 'run.tar')).subarray(0, 5_000));
    writeFileSync(join(this.folder, 'run.tar.gz'), gzipSync(readFileSync(join(this.folder, 'run.tar'))));
    const trust = { ...this.sample.trust, expires: '2099-01-01T00:00:00.000Z' };
    writeFileSync(join(this.folder, 'trust.json'), JSON.stringify(trust, null, 2));
    execFileSync(process.execPath, [BUILD, '--out', join(this.folder, 'taskrunner-verify.mjs')], { cwd: this.folder });
    process.chdir(this.folder);
  }

  stop(): void {
    process.chdir(this.#home);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The command line as a process. */
  readonly cli = (...args: string[]): Ended => this.#run([PROGRAM], args);
  /** The command line as a function in this process, for tests that concern neither the process nor its second thread. */
  readonly taskrunner = (...args: string[]): Promise<Ended> => commandLineIn(this.folder, args);
  /** The single-file verifier as a process. */
  readonly single = (...args: string[]): Ended => this.#run(['taskrunner-verify.mjs'], args);

  /** Writes a tar with this content, and returns its name. */
  readonly put = async (name: string, content: ReadonlyMap<string, Uint8Array>): Promise<string> => {
    const parts: Uint8Array[] = [];
    for await (const part of writeTar([...content].map(([path, bytes]) => ({ path, bytes })))) parts.push(part);
    writeFileSync(join(this.folder, name), Buffer.concat(parts));
    return name;
  };

  #run(program: readonly string[], args: readonly string[]): Ended {
    const env = { ...NODE_ENVIRONMENT, HOME: this.folder, NODE_PATH: '' };
    const options = { cwd: this.folder, env, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, [...program, ...args], options);
    return { exit: status, out: stdout, err: stderr };
  }
}
