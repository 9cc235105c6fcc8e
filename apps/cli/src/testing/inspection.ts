import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TRUSTED, type EvidenceFolder } from './evidence-folder';

/** Tests of the report of `taskrunner inspect`. */
export function describeInspection(evidence: EvidenceFolder): void {
  const { cli, single, taskrunner } = evidence;

  describe('inspect', () => {
    it('writes one HTML file without scripts, and never over another one unless told', () => {
      const args = ['inspect', 'run.tar', '--trust', 'trust.json', '--output', 'report.html'];
      expect(cli(...args)).toEqual({ exit: 0, out: '', err: 'written to report.html\n' });
      const html = readFileSync(join(evidence.folder, 'report.html'), 'utf8');
      expect(html).toContain('VERIFIED: all');
      expect(html).toContain('CVE list &lt;b&gt;read&lt;/b&gt;');
      expect(html).not.toMatch(/<script|src=|href=|@import|url\(/);
      expect(cli(...args)).toMatchObject({
        exit: 2,
        err: expect.stringMatching(/^CLI_FILE report\.html already exists/) as string,
      });
      expect(cli(...args, '--force').exit).toBe(0);
    });

    it('says first that nothing was verified without a trust file, and that it failed where it did', async () => {
      const { exit, out, err } = await taskrunner('inspect', 'run.tar');
      expect([exit, out.split('\n')[2]]).toEqual([0, expect.stringContaining('NOTHING WAS VERIFIED')]);
      expect(err).toContain('nothing was verified');
      const failed = await taskrunner('inspect', 'forged.tar', '--trust', 'trust.json');
      expect([failed.exit, failed.out.split('\n')[2]]).toEqual([9, expect.stringContaining('VERIFICATION FAILED at')]);
      expect(await taskrunner('inspect', 'run.tar', '--expect', 'run=x')).toMatchObject({ exit: 2 });
    });

    it('is a working paper: verifier, time, trust file, options, requirements, expectations, keys, bases', () => {
      const digestOf = (name: string): string =>
        `sha256:${createHash('sha256')
          .update(readFileSync(join(evidence.folder, name)))
          .digest('hex')}`;
      const args = ['inspect', 'run.tar', ...TRUSTED, '--expect', 'tenant=acme', '--allow-dev'];
      const { out } = single(...args, '--format', 'json');
      expect(JSON.parse(out)).toMatchObject({
        verification: {
          verifier: { name: 'taskrunner-verify', sha256: digestOf('taskrunner-verify.mjs') },
          at: expect.stringMatching(/^\d{4}-.*Z$/) as string,
          trust: { name: 'trust.json', sha256: digestOf('trust.json') },
          options: ['--allow-dev'],
          expected: ['tenant=acme'],
        },
        verdict: {
          trust: { require: { proof: 'service', minApprovals: 0 } },
          signers: [
            { what: 'admission' },
            { what: 'decisions' },
            { what: 'statement of the run' },
            { what: 'manifest' },
          ],
        },
      });
      const text = single(...args).out;
      for (const part of [digestOf('trust.json'), 'Trust file requires minApprovals', '`tenant=acme`', ' recomputed, '])
        expect(text).toContain(part);
    });

    it('is JSON for programs', async () => {
      const { out } = await taskrunner('inspect', 'run.tar', '--trust', 'trust.json', '--format', 'json');
      const sha256 = createHash('sha256')
        .update(readFileSync(join(evidence.folder, 'run.tar')))
        .digest('hex');
      expect(JSON.parse(out)).toMatchObject({
        schema: 'taskrunner.report.v1',
        bundle: { name: 'run.tar', sha256: `sha256:${sha256}` },
        verdict: { status: 'verified' },
        contents: {
          gates: [{ gate: 'approve', decisions: [{ person: { sub: 'grace' } }, { person: { sub: 'linus' } }] }],
        },
      });
    });
  });
}
