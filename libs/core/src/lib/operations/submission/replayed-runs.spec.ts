import { sha256 } from '../../canonical/digest';
import { verifySignature } from '../../evidence/encoding/signature';
import type { RunId, TenantId } from '../../foundation/ids';
import type { Principal } from '../../foundation/principal';
import type { RunSummary } from '../../ports/runs/run-reader';
import type { NewRun } from '../../ports/runs/run-store';
import { aKey } from '../../../testing/sample-signing';
import { aSchedule, aTickRun } from '../../../testing/schedule-ledger';
import { ReplayedRuns } from './replayed-runs';
import { namesRequest, requestNonce, type KeyedRequest } from './request-nonce';
import type { Submission } from './submission';
import { SubmitRun, type SubmitRunDependencies } from './submit-run';

const TENANT = 'acme' as TenantId;
const RUN = 'run_01kb3v2m5t8wq4yhn6z0c7d9ef' as RunId;
const RANDOM = '251f493df55f3dfa22a12175142739f5';
const request: KeyedRequest = {
  key: 'k-1',
  person: { iss: 'https://id.test', sub: 'ada' },
  route: 'POST /api/runs',
  bodyDigest: sha256('body'),
};
const OTHERS: readonly (readonly [string, KeyedRequest])[] = [
  ['key', { ...request, key: 'k-2' }],
  ['person', { ...request, person: { ...request.person, sub: 'linus' } }],
  ['issuer', { ...request, person: { ...request.person, iss: 'https://other.test' } }],
  ['route', { ...request, route: 'POST /api/runs/{runId}/rerun' }],
  ['body', { ...request, bodyDigest: sha256('other') }],
];

describe('the nonce of an admission', () => {
  it('is random, and names the request that had an idempotency key', () => {
    expect(requestNonce(RANDOM, TENANT, null)).toBe(RANDOM);
    const nonce = requestNonce(RANDOM, TENANT, request);
    expect(nonce).toMatch(new RegExp(`^${RANDOM}[0-9a-f]{64}$`));
    expect(namesRequest(nonce, TENANT, request)).toBe(true);
  });

  it('names no other request', () => {
    const nonce = requestNonce(RANDOM, TENANT, request);
    for (const [, other] of OTHERS) expect(namesRequest(nonce, TENANT, other)).toBe(false);
    expect(namesRequest(nonce, 'evil' as TenantId, request)).toBe(false);
    for (const other of [RANDOM, '', nonce.slice(-64), `0${nonce.slice(1)}`])
      expect(namesRequest(other, TENANT, request)).toBe(false);
  });
});

describe('the run of a repeated request', () => {
  const key = aKey('admission');
  const place = { ...aSchedule, tenant: TENANT };

  function runs(nonce: string, change: { readonly signer?: typeof key; readonly isGone?: boolean } = {}) {
    const { signer = key, isGone = false } = change;
    const { admission } = aTickRun(signer, place, RUN, { nonce, scheduleId: null });
    const reader = {
      summary: async () => (isGone ? null : ({ runId: RUN } as RunSummary)),
      admission: async () => admission,
    };
    return new ReplayedRuns({ reader, keys: { keys: [key.trusted], verifySignature } });
  }

  it('is the one whose signed admission names the request', async () => {
    expect(await runs(requestNonce(RANDOM, TENANT, request)).find(TENANT, RUN, request)).toEqual({ runId: RUN });
  });

  it.each(OTHERS)(
    'is not one of another %s, which is an alteration of the row and spares the run',
    async (_, other) => {
      await expect(runs(requestNonce(RANDOM, TENANT, other)).find(TENANT, RUN, request)).rejects.toMatchObject({
        code: 'DOCUMENT_ALTERED',
        first: { document: 'idempotency', runId: RUN, sparesRun: true },
      });
    },
  );

  it('is not one without a key, or whose admission somebody else has signed', async () => {
    const altered = { code: 'DOCUMENT_ALTERED' };
    const nonce = requestNonce(RANDOM, TENANT, request);
    await expect(runs(RANDOM).find(TENANT, RUN, request)).rejects.toMatchObject(altered);
    await expect(runs(nonce, { signer: aKey('admission') }).find(TENANT, RUN, request)).rejects.toMatchObject(altered);
  });

  it('has a code of its own if it does not exist', async () => {
    const gone = runs(requestNonce(RANDOM, TENANT, request), { isGone: true });
    await expect(gone.find(TENANT, RUN, request)).rejects.toMatchObject({ code: 'IDEMPOTENCY_RUN_GONE' });
  });
});

describe('a request that an earlier release recorded by the bytes of its body', () => {
  const [current, bytes] = [sha256('{"a":1}'), sha256('{ "a": 1 }')];
  const { person, ...keyed } = request;
  const idempotency = { ...keyed, bodyDigest: current, earlierDigests: [bytes] };
  const principal = { tenant: TENANT, ...person } as Principal;
  const asked: KeyedRequest[] = [];
  const dependencies = (recorded: string | null): SubmitRunDependencies =>
    ({
      runs: {
        create: async () => ({ kind: 'refused', code: 'IDEMPOTENCY_KEY_REUSED' }),
        replayed: async (_tenant: TenantId, { bodyDigest }: KeyedRequest) => (bodyDigest === recorded ? RUN : null),
      },
      replayed: {
        find: async (_tenant: TenantId, runId: RunId, found: KeyedRequest) => (asked.push(found), { runId }),
      },
      sensitive: { digest: (_tenant: TenantId, text: string) => sha256(`keyed ${text}`) },
    }) as unknown as SubmitRunDependencies;
  class Prepared extends SubmitRun {
    override async prepare(): Promise<NewRun> {
      return {} as NewRun;
    }
  }
  const submission = { idempotency } as unknown as Submission;

  it.each([bytes, sha256(`keyed ${bytes}`), sha256(`keyed ${current}`)])('is found by %s', async (recorded) => {
    const submit = new Prepared(dependencies(recorded));
    const found = { runId: RUN, replayed: true, run: { runId: RUN } };
    expect(await submit.submit(principal, submission)).toEqual(found);
    expect(await submit.replay(principal, idempotency)).toEqual(found);
    // Its admission names the digest that was recorded.
    expect(asked.at(-1)).toEqual({ ...request, bodyDigest: recorded });
  });

  it('is refused where the key is that of another body', async () => {
    const submit = new Prepared(dependencies(sha256('other')));
    await expect(submit.submit(principal, submission)).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    expect(await submit.replay(principal, idempotency)).toBeNull();
  });
});
