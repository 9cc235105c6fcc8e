import { openVerification, readTrust, verifySignature } from '@taskrunner/core/evidence';
import { sampleRun, sealBundle, type Sample } from '@taskrunner/core/testing';
import { TAR_CODEC } from '@taskrunner/infrastructure/archive';
import { Examination } from './examination';
import type { Terms } from './protocol';

const NOW = Date.parse('2026-06-01T00:00:00.000Z');
const NO_TERMS: Terms = { trust: null, allowDev: false, allowLocal: false, run: null, plan: null };

describe('an examination of a bundle', () => {
  let sample: Sample;
  let files: Map<string, Uint8Array>;
  let trust: string;

  beforeAll(async () => {
    sample = await sampleRun();
    files = sealBundle(sample);
    trust = JSON.stringify({
      ...sample.trust,
      issued: '2020-01-01T00:00:00.000Z',
      expires: '2099-01-01T00:00:00.000Z',
    });
  });

  async function opened(content: ReadonlyMap<string, Uint8Array> = files): Promise<Examination> {
    const parts: Uint8Array[] = [];
    const sorted = [...content].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, bytes]) => ({ path, bytes }));
    for await (const part of TAR_CODEC.write(sorted)) parts.push(part);
    return Examination.open('run.tar', Buffer.concat(parts));
  }
  const withTrust = (text = trust): Terms => ({ ...NO_TERMS, trust: { name: 'trust.json', text } });

  it('finds what the command line finds', async () => {
    const { verification, contents, unmade, report } = (await opened()).verify(withTrust(), NOW);
    const expected = openVerification({ files, trust: readTrust(trust), verifySignature, now: NOW }).conclude();
    expect(verification?.checks).toEqual(expected.checks);
    expect([verification?.ok, contents, unmade]).toEqual([true, null, []]);
    expect(report.verdict.status).toBe('verified');
    expect(report.verification).toMatchObject({
      trust: { name: 'trust.json' },
      verifier: { name: 'taskrunner console' },
    });
  });

  it('says without a trust file what it did not check, and never that the bundle is verified', async () => {
    const { verification, contents, unmade, report, sections } = (await opened()).verify(NO_TERMS, NOW);
    expect(verification).toBeNull();
    expect(contents?.every(({ ok, basis }) => ok && basis !== 'signed')).toBe(true);
    expect(unmade).toEqual(expect.arrayContaining(['manifest.signature', 'admission.signature', 'decisions.proof']));
    expect(report.verdict.status).toBe('unverified');
    // The report on the same page lists the same checks.
    expect(report.verdict.checks).toEqual(contents);
    const text = JSON.stringify(sections);
    expect(text).not.toContain('No checks were made.');
    expect(text).toMatch(/NOTHING WAS VERIFIED.*No signature was checked\. \d+ checks that need no trust file hold/);
  });

  it('finds without a trust file that a document was altered', async () => {
    const altered = new Map(files).set('steps.ndjson', Buffer.from('{}\n'));
    const { contents, sections } = (await opened(altered)).verify(NO_TERMS, NOW);
    expect(contents?.filter(({ ok }) => !ok).map(({ name }) => name)).toContain('manifest.complete');
    expect(JSON.stringify(sections)).toMatch(/of \d+ checks that need no trust file fail: [a-z., ]*manifest\.complete/);
  });

  it('compares the run with the one that is expected', async () => {
    const { verification } = (await opened()).verify({ ...withTrust(), run: 'another' }, NOW);
    expect(verification?.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['expectation']);
  });

  it('places the faults of a trust file, and verifies nothing with it', async () => {
    const examination = await opened();
    const { verification, trustFaults } = examination.verify(withTrust('{\n "schema": "taskrunner.trust.v1"\n}'), NOW);
    expect(verification).toBeNull();
    expect(trustFaults[0]).toMatchObject({ code: 'TRUST_INVALID' });
    expect(examination.verify(withTrust('{\n  nothing'), NOW).trustFaults).toMatchObject([{ line: 2 }]);
  });

  it('answers for a file that is no bundle', async () => {
    const examination = await Examination.open('notes.txt', Buffer.from('some notes'));
    const { refusal, verification, report } = examination.verify(withTrust(), NOW);
    expect(refusal?.what).toBe('is not a tar');
    expect([verification?.ok, report.contents]).toEqual([false, null]);
  });

  it('writes the report as one file', async () => {
    const examination = await opened();
    expect(examination.write()).toBeNull();
    examination.verify(withTrust(), NOW);
    expect(examination.write()).toContain('VERIFIED');
  });
});
