import { healthOf } from '../../../testing/memory/memory-objects';
import { sha256 } from '../../canonical/digest';
import type { RunId, TenantId } from '../../foundation/ids';
import type { ObjectStore } from '../../ports/objects/object-store';
import { INLINE_BYTES, RunValues } from './run-values';

it('notes that a run needs a large value before it stores it, and stores no small one', async () => {
  const done: string[] = [];
  const objects = {
    put: async (_tenant: TenantId, _content: unknown, { expected }: { expected: string }) => {
      done.push(`put ${expected}`);
      return { digest: expected, size: 0 };
    },
  } as unknown as ObjectStore;
  const references = {
    need: async (tenant: TenantId, run: RunId, digests: readonly string[]) =>
      void done.push(`need ${tenant} ${run} ${digests.join(' ')}`),
  };
  const values = new RunValues(
    { objects, references, storeHealth: healthOf({ probe: async () => undefined }) },
    { tenant: 'acme' as TenantId, runId: 'run_1' as RunId },
  );
  const large = 'x'.repeat(INLINE_BYTES);
  const digests = [values.keep('small'), values.keep(large)].map(
    (ref) => (ref as { digest: ReturnType<typeof sha256> }).digest,
  );
  expect(await values.pageValues(digests)).toEqual({ [sha256('"small"')]: 'small' });
  const digest = sha256(`"${large}"`);
  expect(done).toEqual([`need acme run_1 ${digest}`, `put ${digest}`]);
});
