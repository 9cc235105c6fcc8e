import { buildReport, verifyRun, verifySignature } from '@taskrunner/core/evidence';
import { sampleRun, sealBundle, type Sample } from '@taskrunner/core/testing';
import { verificationLines } from './verification-lines';

describe('the text of a verification that holds', () => {
  it('says before its last line what only the keys of the services prove', async () => {
    const sample = await sampleRun();
    const { trust } = sample;
    const verification = verifyRun({ files: sealBundle(sample), trust, verifySignature, allowDev: false });
    const lines = verificationLines(verification, true);
    expect(lines.slice(-3)).toEqual([
      expect.stringContaining('The keys of the webservice alone prove who started the run, and each decision'),
      expect.stringContaining('Not proven:'),
      verification.summary,
    ]);
  });
});

describe('the text of a verification that fails', () => {
  let sample: Sample;
  let files: ReadonlyMap<string, Uint8Array>;
  beforeAll(async () => {
    sample = await sampleRun();
    files = sealBundle(sample);
  });
  const linesWith = (path: string, text: string) => {
    const { trust } = sample;
    const altered = new Map(files).set(path, Buffer.from(text));
    const verification = verifyRun({ files: altered, trust, verifySignature, allowDev: false });
    const bundle = { name: 'run.tar', size: 1, sha256: 'sha256:0' as never };
    const { contents, unreadable } = buildReport({ bundle, files: altered, verified: { verification, trust } });
    return { text: verificationLines(verification, true).join('\n'), isShown: contents !== null, unreadable };
  };

  it('refers to `inspect` where that shows the contents', () => {
    const { text, isShown } = linesWith('summary.txt', 'x');
    expect([text.includes('FAIL'), text.includes('`inspect` still shows them.'), isShown]).toEqual([true, true, true]);
  });

  it('does not call the contents untrusted where only the audit export is broken', () => {
    const { trust } = sample;
    const audit = [{ seq: 1, at: '2026-01-01T00:00:00.000Z', prev: null, hash: `sha256:${'0'.repeat(64)}`, event: {} }];
    const request = { files, trust, verifySignature, allowDev: false, audit: audit as never };
    const text = verificationLines(verifyRun(request), true).join('\n');
    expect(text).toMatch(/^FAIL checkpoints .*audit entry 1: its hash/m);
    expect(text).toContain('The audit export of "--audit FILE" is not as it was written');
    expect(text).toContain('The other checks of the bundle hold.');
    expect(text).not.toContain('cannot be trusted');
    const broken = new Map(files).set('summary.txt', Buffer.from('x'));
    expect(verificationLines(verifyRun({ ...request, files: broken }), true).join('\n')).toContain('cannot be trusted');
  });

  it('does not where the documents cannot be read, and names the file', () => {
    const { text, isShown, unreadable } = linesWith('plan.json', '{\n');
    expect([text.includes('`inspect` still'), isShown]).toEqual([false, false]);
    expect(text).toContain('cannot be trusted, and its documents cannot be read.');
    expect(unreadable).toBe('EVIDENCE_JSON: plan.json: not JSON');
  });
});
