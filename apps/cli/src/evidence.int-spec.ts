import { execFileSync, spawnSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import { cpSync, existsSync, linkSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { atNight, resealed, sampleRun, sealBundle, searched, type Sample } from '@taskrunner/core/testing';
import type { Ended } from './testing/command-line-in';
import { EvidenceFolder, PROGRAM, ROOT, TRUSTED } from './testing/evidence-folder';
import { describeInspection } from './testing/inspection';

/** The single file on plain Node.js, compared with the command line from which it is built. */
describe('evidence, for who has a bundle and a trust file', () => {
  const evidence = new EvidenceFolder();
  const { cli, put, single, taskrunner } = evidence;
  beforeAll(() => evidence.start(), 120_000);
  afterAll(() => evidence.stop());

  it.each([
    ['taskrunner', () => `${PROGRAM} verify`],
    ['taskrunner-verify.mjs', () => 'taskrunner-verify.mjs'],
  ])('has the exit status of %s also if nobody reads its output', (_, program) => {
    const script = `"$0" ${program()} forged.tar --trust trust.json | true; exit "\${PIPESTATUS[0]}"`;
    const { status, stderr } = spawnSync('bash', ['-c', script, process.execPath], {
      cwd: evidence.folder,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 9, stderr: '' });
  });

  describe('taskrunner-verify.mjs', () => {
    it.each<[string, number]>([
      ['run.tar', 0],
      ['forged.tar', 9],
      ['missing.tar', 2],
      ...searched<[string, number][]>(
        [],
        [
          ['garbage.tar', 9],
          ['altered.tar', 9],
          ['empty.tar', 9],
          ['cut.tar', 9],
          ['run.tar.gz', 9],
        ],
      ),
    ])('says of %s what the command line says', async (bundle, exit) => {
      // As a process with its second thread for one valid, one altered and one missing bundle; for the others as a function.
      const asked = async (...args: string[]): Promise<Ended> =>
        ['run.tar', 'forged.tar', 'missing.tar'].includes(bundle) ? cli(...args) : taskrunner(...args);
      const found = single(bundle, '--trust', 'trust.json', '--json');
      expect(found.exit).toBe(exit);
      expect(found).toEqual(await asked('verify', bundle, '--trust', 'trust.json', '--json'));
      if (!['run.tar', 'forged.tar', 'garbage.tar'].includes(bundle)) return;
      expect(single('verify', bundle, '--trust', 'trust.json')).toEqual(
        await asked('verify', bundle, '--trust', 'trust.json'),
      );
      // The program and the time are reported, and they differ.
      const reported = ({ out, ...rest }: Ended): Ended => {
        return { ...rest, out: out.replace(/^- \*\*(?:Verifier|Time of the check):\*\* .*$/gm, '') };
      };
      const [of, by] = [single('inspect', bundle, ...TRUSTED), await asked('inspect', bundle, ...TRUSTED)];
      expect(reported(of)).toEqual(reported(by));
    });

    it('names the check that finds each of three forgeries', async () => {
      const trustOf = (of: Sample): string => {
        const trust = { ...of.trust, expires: '2099-01-01T00:00:00.000Z' };
        writeFileSync(join(evidence.folder, 'forger.json'), JSON.stringify(trust));
        return 'forger.json';
      };
      const failing = async (of: Sample, content: ReadonlyMap<string, Uint8Array>): Promise<readonly string[]> => {
        const { exit, out } = single(await put('forgery.tar', content), '--trust', trustOf(of), '--json');
        expect(exit).toBe(9);
        const { checks } = JSON.parse(out) as { checks: readonly { name: string; ok: boolean }[] };
        return checks.filter(({ ok }) => !ok).map(({ name }) => name);
      };
      // With a worker's keys: a gate is skipped although its inputs require it; a policy is evaluated over another input.
      const pretends = { image: 'busybox', regions: ['r0', 'r1'] };
      const passedOver = await sampleRun({ gateWhen: "{{ inputs.image == 'nginx' }}", pretends });
      expect(await failing(passedOver, sealBundle(passedOver))).toContain('answers');
      const judged = await sampleRun({ policy: "inputs.image != 'nginx'", pretends });
      expect(await failing(judged, sealBundle(judged))).toEqual(expect.arrayContaining(['answers', 'policies']));
      // With the bundle key only: a pack file is left out, and the manifest requires less.
      const manifest = Buffer.from(evidence.files.get('pack/manifest.json') ?? []).toString();
      const altered = new Map(evidence.files).set(
        'pack/manifest.json',
        Buffer.from(manifest.replace('"minApprovals":2', '"minApprovals":1')),
      );
      altered.delete('pack/files/README.md');
      const lessAsked = resealed(
        evidence.sample.keys.bundle,
        [...altered].map(([path, bytes]) => ({ path, bytes })),
      );
      expect(await failing(evidence.sample, lessAsked)).toContain('pack.content');
    });

    it('needs nothing beside it: no package, no folder of modules', () => {
      const text = readFileSync(join(evidence.folder, 'taskrunner-verify.mjs'), 'utf8');
      const named = [...text.matchAll(/^import .* from ["']([^"']+)["'];$/gm)].map(([, name]) => name ?? '');
      expect(named.filter((name) => !/^(node:)?(module|fs|fs\/promises|path|crypto|process|readline\/promises|stream|zlib|events|child_process|buffer|util|os|worker_threads)$/.test(name))).toEqual([]); // prettier-ignore
      expect(existsSync(join(evidence.folder, 'node_modules'))).toBe(false);
      expect(text).not.toContain('cedar-policy');
      expect(text).not.toContain(ROOT);
      expect(statSync(join(evidence.folder, 'taskrunner-verify.mjs')).mode & 0o111).not.toBe(0);
      expect(single('--version').out).toBe(
        `${(JSON.parse(readFileSync(join(ROOT, 'apps/cli/package.json'), 'utf8')) as { version: string }).version}\n`,
      );
    });

    atNight(it)('has the same bytes from another folder, and from another copy of the sources', () => {
      const here = readFileSync(join(evidence.folder, 'taskrunner-verify.mjs'));
      const copy = join(evidence.folder, 'copy');
      copySources(copy, here.toString());
      const out = join(evidence.folder, 'again', 'verifier.mjs');
      mkdirSync(dirname(out));
      const printed = execFileSync(process.execPath, [join(copy, 'tools/build-verifier.mjs'), '--out', out], {
        cwd: tmpdir(),
        encoding: 'utf8',
      });
      expect(readFileSync(out).equals(here)).toBe(true);
      expect(printed).toContain(createHash('sha256').update(here).digest('hex'));
    });

    it('says that a policy of an engine that it does not have is not judged again', async () => {
      const cedar = Buffer.from(evidence.files.get('plan.json') ?? [])
        .toString()
        .replace('"engine":"cel"', '"engine":"cedar"');
      await put('cedar.tar', new Map(evidence.files).set('plan.json', Buffer.from(cedar)));
      expect(single('cedar.tar', '--trust', 'trust.json').err).toMatch(/^note: this verifier has no engine for cedar/);
      expect(cli('verify', 'cedar.tar', '--trust', 'trust.json').err).toBe('');
    });

    it('gives a key as PEM', () => {
      const { exit, out } = single('key', '--trust', 'trust.json', '--usage', 'run-open');
      expect(exit).toBe(0);
      const spki = createPublicKey(out).export({ type: 'spki', format: 'der' }).toString('base64');
      expect(spki).toBe(evidence.sample.keys.run.trusted.spki);
      expect(single('key', '--trust', 'trust.json', '--usage', 'pack')).toMatchObject({
        exit: 2,
        err: expect.stringMatching(/^CLI_USAGE trust\.json has 0 keys for pack/) as string,
      });
    });
  });

  describe('verify', () => {
    it.each<[string, number]>([
      ['run.tar', 0],
      ['forged.tar', 9],
      ...searched<[string, number][]>(
        [],
        [
          ['cut.tar', 9],
          ['missing.tar', 2],
        ],
      ),
    ])('says the same of %s with one thread and with two', (bundle, exit) => {
      // The test above compares the command line, with two threads, to the single file.
      for (const program of searched([single], [single, cli])) {
        const found = program('verify', bundle, ...TRUSTED, '--threads', '2');
        expect(found.exit).toBe(exit);
        expect(found).toEqual(program('verify', bundle, ...TRUSTED, '--threads', '1'));
      }
    });

    it('ends with who approved what when, and how the run ended', async () => {
      const lines = (await taskrunner('verify', 'run.tar', '--trust', 'trust.json')).out.trimEnd().split('\n');
      const from = lines.findIndex((line) => line.startsWith('run run_'));
      expect(lines.slice(from, from + 7)).toEqual([
        expect.stringMatching(/ of sample:1\.2\.3 for acme, started by ada \(https:\/\/issuer\.test\)$/),
        'gate approve: approved',
        expect.stringMatching(/^ {2}grace \(\S+\) approved at \S+Z: "CVE list <b>read<\/b>" \[proof: service\]$/),
        expect.stringMatching(/^ {2}linus \(\S+\) approved at \S+Z, no reason given \[proof: service\]$/),
        '  counted: grace, linus (2 of 2)',
        'policy few at few-hits: allow',
        expect.stringMatching(/^ended \S+Z: succeeded$/),
      ]);
      expect(lines.at(-1)).toMatch(/^self-consistent/);
    });

    it('tells the first cause first, with what to do, and counts what follows from it', async () => {
      const { out } = await taskrunner('verify', 'forged.tar', '--trust', 'trust.json');
      const [first, help, dependent] = out.split('\n');
      expect(first).toMatch(/^FAIL admission\.agrees /);
      expect(help).toMatch(/^help: The documents contradict each other/);
      expect(out).not.toContain('approved at');
      expect(dependent).toMatch(/^( +\d+ further checks? fails? for the same reason|FAIL )/);
    });

    it.each([
      ['garbage.tar', 'is not a tar'],
      ['binary.tar', 'is not a tar'],
      ['empty.tar', 'is empty'],
      ['cut.tar', 'is a damaged tar: the tar is truncated'],
      ['run.tar.gz', 'is compressed with gzip; a bundle must be a plain tar'],
    ])('has one error for %s', async (bundle, why) => {
      const { exit, out, err } = await taskrunner('verify', bundle, '--trust', 'trust.json');
      expect([exit, out]).toEqual([9, '']);
      expect(err.split('\n')).toEqual([`BUNDLE_UNREADABLE ${bundle} ${why}`, expect.stringMatching(/^help: /), '']);
      const reported = JSON.parse(
        (await taskrunner('verify', bundle, '--trust', 'trust.json', '--json')).out,
      ) as object;
      expect(reported).toMatchObject({ ok: false, run: null, planHash: null, error: { code: 'BUNDLE_UNREADABLE' } });
    });

    it('names the trust file that is not valid, with line and column', async () => {
      const text = readFileSync(join(evidence.folder, 'trust.json'), 'utf8');
      writeFileSync(join(evidence.folder, 'one.json'), text.replace('"serial": 3', '"serial": "3"'));
      writeFileSync(join(evidence.folder, 'two.json'), text.replace('"serial": 3', '"serial": "3", "more": 1'));
      writeFileSync(join(evidence.folder, 'none.json'), text.replace('"serial": 3', '"serial": 3,,'));
      const refused = async (trust: string): Promise<string[]> => {
        const { exit, err } = await taskrunner('verify', 'run.tar', '--trust', trust);
        expect(exit).toBe(2);
        return err.split('\n').filter((line) => !line.startsWith('help: '));
      };
      expect(await refused('one.json')).toEqual(['TRUST_INVALID one.json:4:3 /serial a whole number is expected', '']);
      expect(await refused('two.json')).toEqual([
        'TRUST_INVALID two.json has 2 errors',
        'TRUST_INVALID two.json:4:18 /more an unknown member',
        'TRUST_INVALID two.json:4:3 /serial a whole number is expected',
        '',
      ]);
      expect(await refused('none.json')).toEqual(['TRUST_INVALID none.json:4:15 a string is expected', '']);
    });

    it('names the option where an expectation is none', async () => {
      const { exit, err } = await taskrunner('verify', 'run.tar', '--trust', 'trust.json', '--expect', 'RUN');
      expect([exit, err.split('\n')[0]]).toEqual([2, expect.stringMatching(/^CLI_USAGE --expect RUN: /)]);
    });
  });

  describe('errors of use', () => {
    it('refuses a trust file that gives a key another fingerprint, at its line and column', async () => {
      const text = readFileSync(join(evidence.folder, 'trust.json'), 'utf8');
      writeFileSync(
        join(evidence.folder, 'named.json'),
        text.replace(/"keyid": "[^"]+"/, '"keyid": "SHA256:audit-committee"'),
      );
      const { exit, out, err } = await taskrunner('verify', 'run.tar', '--trust', 'named.json');
      expect([exit, out]).toEqual([2, '']);
      expect(err).toMatch(/^TRUST_INVALID named\.json:\d+:\d+ .*SHA256:audit-committee.* is not the fingerprint/);
    });

    it('refuses a plan hash that is no digest, and names the pack that the run had by name and version', async () => {
      const wrong = await taskrunner('verify', 'run.tar', ...TRUSTED, '--expect', `plan=${'ab'.repeat(32)}`);
      expect([wrong.exit, wrong.err.split('\n')[0]]).toEqual([2, expect.stringMatching(/^CLI_USAGE --expect plan=/)]);
      const other = await taskrunner('verify', 'run.tar', ...TRUSTED, '--expect', 'pack=other:1');
      expect([other.exit, other.out]).toEqual([9, expect.stringContaining('pack is sample:1.2.3, not other:1')]);
    });

    it.each(['run.tar', 'trust.json', './run.tar', 'link.tar'])(
      'never writes a report over its input %s',
      async (output) => {
        if (!existsSync(join(evidence.folder, 'link.tar')))
          linkSync(join(evidence.folder, 'run.tar'), join(evidence.folder, 'link.tar'));
        const before = [
          readFileSync(join(evidence.folder, 'run.tar')),
          readFileSync(join(evidence.folder, 'trust.json')),
        ];
        const args = ['inspect', 'run.tar', ...TRUSTED, '--format', 'md', '--output', output, '--force'];
        const { exit, err } = await taskrunner(...args);
        expect([exit, err]).toEqual([2, expect.stringMatching(/^CLI_USAGE --output \S+ is an input/)]);
        expect([
          readFileSync(join(evidence.folder, 'run.tar')),
          readFileSync(join(evidence.folder, 'trust.json')),
        ]).toEqual(before);
      },
    );

    it('refuses to guess the format from an ending that it does not know', async () => {
      const { exit, err } = await taskrunner('inspect', 'run.tar', ...TRUSTED, '--output', 'report.pdf');
      expect([exit, err]).toEqual([2, expect.stringMatching(/^CLI_USAGE --output report\.pdf/)]);
      expect(existsSync(join(evidence.folder, 'report.pdf'))).toBe(false);
    });

    it('says errors in JSON where JSON is asked for', async () => {
      for (const args of [
        ['verify', 'run.tar', '--trust', 'missing.json', '--json'],
        ['verify', 'run.tar', ...TRUSTED, '--expect', 'plan=x', '--json'],
        ['verify', 'missing.tar', ...TRUSTED, '--json'],
      ]) {
        const { exit, out } = await taskrunner(...args);
        expect(exit).toBe(2);
        expect(JSON.parse(out)).toMatchObject({
          ok: false,
          checks: [],
          error: { code: expect.stringMatching(/^CLI_/) as string, message: expect.any(String) as string },
        });
      }
      const report = await taskrunner('inspect', 'garbage.tar', ...TRUSTED, '--format', 'json');
      expect(JSON.parse(report.out)).toMatchObject({ error: { code: 'BUNDLE_UNREADABLE' } });
    });

    it('says that the original was not used where the run is no rerun', async () => {
      const { exit, out, err } = await taskrunner('verify', 'run.tar', ...TRUSTED, '--original', 'run.tar');
      expect(exit).toBe(0);
      expect(out).toMatch(/^ok {3}steps\.reused +absent +not a rerun: .*not used/m);
      expect(err).toContain('note: this run is not a rerun');
    });
  });

  describeInspection(evidence);
});

/** Copies what the single file is built from. */
function copySources(copy: string, verifier: string): void {
  for (const path of ['apps/cli', 'libs/core', 'libs/infrastructure'])
    for (const part of ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json'])
      cpSync(join(ROOT, path, part), join(copy, path, part), { recursive: true });
  // If another version is installed at the root, npm installs this one there.
  const ofCore = ['libs/core/node_modules'].filter((path) => existsSync(join(ROOT, path)));
  for (const path of ['tools/build-verifier.mjs', 'tsconfig.base.json', 'package.json', ...ofCore])
    cpSync(join(ROOT, path), join(copy, path), { recursive: true });
  const packages = new Set(verifier.match(/^ *\/\/ node_modules\/(?:@[^/]+\/)?[^/\n]+/gm));
  for (const line of [...packages, 'node_modules/re2js', 'node_modules/@bufbuild'])
    cpSync(join(ROOT, line.replace(/^ *\/\/ /, '')), join(copy, line.replace(/^ *\/\/ /, '')), { recursive: true });
  for (const tool of ['esbuild', '@esbuild'])
    symlinkSync(join(ROOT, 'node_modules', tool), join(copy, 'node_modules', tool));
}
