import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { TrustFile } from '../encoding/trust';
import { verifySignature } from '../encoding/signature';
import { verifyRun } from './verify-run';

// Bundles of a release without `answers`, `carried` and actors: they verify, and name what they cannot show.

interface Kept {
  readonly trust: TrustFile;
  readonly files: { readonly [path: string]: string };
}

const kept = JSON.parse(
  gunzipSync(readFileSync(join(__dirname, '../../../testing/bundles/earlier-release.json.gz'))).toString(),
) as { readonly [name: string]: Kept };

it.each(Object.keys(kept))('a bundle of an earlier release verifies: %s', (name) => {
  const { trust, files } = kept[name] as Kept;
  const { checks } = verifyRun({
    files: new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
    trust,
    verifySignature,
  });
  expect(checks.filter(({ ok }) => !ok)).toEqual([]);
  const basisOf = (check: string): string | undefined => checks.find((one) => one.name === check)?.basis;
  expect(basisOf('manifest.complete')).toBe('signed');
  // Its driver named a probe whose document was not stored. A run that was cancelled before it began was driven only to be ended.
  expect(basisOf('probes')).toBe('signed');
  if (name !== 'cancelled') expect([basisOf('answers'), basisOf('plan.hash')]).toEqual(['recomputed', 'recomputed']);
});

it('a trust file may refuse bundles that do not say what they carry', () => {
  const { trust, files } = kept['plain'] as Kept;
  const verification = verifyRun({
    files: new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])),
    trust: { ...trust, require: { ...trust.require, carried: true } },
    verifySignature,
  });
  expect(verification.checks.filter(({ ok }) => !ok).map(({ name }) => name)).toEqual(['manifest.complete']);
});
