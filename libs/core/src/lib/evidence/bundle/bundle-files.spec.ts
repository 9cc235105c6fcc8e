import { sampleRun } from '../../../testing/sample-evidence';
import { canonical } from '../../canonical/canonical';
import { sha256 } from '../../canonical/digest';
import type { Json } from '../../foundation/json';
import { knowText } from '../../journal/chain';
import type { Page } from '../../journal/page';
import { readEvidence } from '../records/evidence-documents';
import { bundleFiles, journalNdjson } from './bundle-files';

it('a line of the journal is the RFC 8785 text of its page, whether its text is known or not', async () => {
  const { evidence } = await sampleRun({ regions: 3 });
  const inFile = ({ first, entries, values, prev, hash }: Page) => ({ first, entries, values, prev, hash }) as unknown;
  const expected = evidence.pages.map((page) => `${canonical(inFile(page) as Json)}\n`).join('');
  expect(journalNdjson(evidence.pages)).toBe(expected);
  for (const { entries } of evidence.pages) knowText(entries, canonical(entries as unknown as Json));
  expect(journalNdjson(evidence.pages)).toBe(expected);
});

it('documents that runs share are written for each run as they are, and the manifest has their digests', async () => {
  const { evidence } = await sampleRun({ regions: 3 });
  const first = readEvidence(evidence);
  const environment = `${evidence.environment} `;
  // The same index, as of runs with the same plan.
  const second = { ...first, evidence: { ...evidence, environment } };
  for (const documents of [first, second, first]) {
    const { files, manifest } = bundleFiles(documents, { packRun: [], provenance: null });
    const found = files.find(({ path }) => path === 'environment.json');
    expect(Buffer.from(found?.bytes ?? []).toString()).toBe(documents.evidence.environment);
    for (const { path, sha256: digest, size } of manifest.files) {
      const { bytes = new Uint8Array() } = files.find((file) => file.path === path) ?? {};
      expect([path, sha256(bytes), bytes.length]).toEqual([path, digest, size]);
    }
  }
});
