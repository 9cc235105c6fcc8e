import { runUuid, type RunId } from '@taskrunner/core/foundation';
import { unpackedPage, type PageTexts } from '@taskrunner/infrastructure/postgres';
import { Client } from 'pg';
import { Caller, DevStack, pack } from '../stack/stack';

export const STEPS = `- { id: find, run: { uses: "builtin:transform", with: { outputs: { hits: ["CVE-2026-1"] } } } }
- { id: approve, gate: { approval: owners, message: "go?", show: { hits: "{{ steps.find.outputs.hits }}" } } }
- { id: apply, run: { uses: "builtin:script", with: { interpreter: [sh], source: "echo applied" } } }`;
/** A map, with which a run gets rows of its steps. */
export const ROWS = `- { id: rows, map: { items: [1], steps: [ { id: none, run: { uses: "builtin:noop", with: {} } } ] } }`;
export const OWNERS = '  approvals: [ { id: owners, grants: [packs.approve], minApprovals: 1 } ]\n';
const GATED = pack(STEPS, OWNERS);

let packs = 0;

/** A pack with a unique plan, because runs of the same plan share the rows of the plan. */
export function separately(steps: string, more = ''): string {
  return pack(steps, more).replace('name: e2e', `name: tamper-${++packs}`);
}

/** A stored page of a journal. */
export interface Stored {
  readonly first_seq: string;
  readonly texts: PageTexts;
}

/** A step that leaves a line and an artifact. */
export const NOISY = `- id: a
  run:
    uses: "builtin:script"
    with: { interpreter: [sh], source: "echo said && printf good > out.txt" }
    artifacts: [ { name: out, path: out.txt } ]
`;

/** Statements that alter one document of a run in one place. */
const DOCUMENTS: Readonly<Record<string, string>> = {
  plan: `update pack_runs.plans set plan = replace(plan, 'echo applied', 'echo evil') where plan_hash =
    (select plan_hash from pack_runs.run_sources where run_id = $1)`,
  request: `update pack_runs.gates set request = replace(request::text, 'go?', 'stay?')::json where run_id = $1`,
  show: `update pack_runs.gates set show = replace(show::text, 'CVE-2026-1', 'nothing')::json where run_id = $1`,
  quorum: 'update pack_runs.gates set required = 7 where run_id = $1',
  admission: `update pack_runs.submissions set initiators = '[]' where run_id = $1`,
  inputs: `update pack_runs.submissions set inputs = '{"region":"evil"}' where run_id = $1`,
  manifest: `update pack_runs.submissions set manifest = replace((select o.manifest from pack_runs.run_sources o where o.run_id = $1), 'echo applied', 'echo evil') where run_id = $1`,
  'manifest of the plan': `update pack_runs.plans set manifest = replace(manifest, 'echo applied', 'echo evil') where plan_hash =
    (select plan_hash from pack_runs.run_sources where run_id = $1)`,
};

/** A database administrator without keys, and people who use the product meanwhile. */
export class Administrator {
  private static one: Promise<Administrator> | null = null;

  private constructor(
    readonly stack: DevStack,
    readonly ada: Caller,
    readonly grace: Caller,
    /** A connection for which no trigger runs. */
    readonly sql: Client,
  ) {}

  /** The same for all cases of a file, which share its connection and its sign-ins. */
  static shared(): Promise<Administrator> {
    return (this.one ??= this.open());
  }

  private static async open(): Promise<Administrator> {
    const stack = await DevStack.shared('plain');
    const ada = new Caller(stack.server, await stack.tokenFor('ada'));
    const grace = new Caller(stack.server, await stack.tokenFor('grace'));
    const sql = new Client({
      connectionString: Object.assign(new URL(stack.database.adminUrl), {
        pathname: new URL(stack.database.ownerUrl).pathname,
      }).href,
    });
    await sql.connect();
    await sql.query("set session_replication_role = 'replica'");
    return new Administrator(stack, ada, grace, sql);
  }

  async close(): Promise<void> {
    // Other specs share the stack, and its inbox.
    await this.sql.query("update pack_runs.gates set state = 'closed' where state = 'open'");
    await this.sql.end();
    await this.stack.stop();
  }

  /** A run that waits for its gate. */
  async waiting(manifest = GATED): Promise<{ run: string; uuid: string }> {
    const run = await this.ada.submit(manifest);
    await this.ada.until(run, ['waiting']);
    return { run, uuid: runUuid(run as RunId) };
  }

  /** The pages of a run's journal. */
  async pagesOf(uuid: string): Promise<readonly Stored[]> {
    const { rows } = await this.sql.query<{ first_seq: string; content: Buffer }>(
      'select first_seq, content from pack_run_logs.journal where run_id = $1 order by first_seq',
      [uuid],
    );
    return rows.map(({ first_seq, content }) => ({ first_seq, texts: unpackedPage(content) as PageTexts }));
  }

  /** Replaces a page. */
  async writePage(uuid: string, first: string, content: Buffer): Promise<void> {
    const { rowCount } = await this.sql.query(
      'update pack_run_logs.journal set content = $3 where run_id = $1 and first_seq = $2',
      [uuid, first, content],
    );
    expect(rowCount).toBe(1);
  }

  /** The step behind the gate has not begun. */
  async nothingApplied(run: string): Promise<void> {
    const { body } = await this.ada.ask('GET', `/api/runs/${run}/steps`);
    expect(
      (body['items'] as { id: string; status: string }[]).filter(
        ({ id, status }) => id === 'apply' && status !== 'pending',
      ),
    ).toEqual([]);
    expect((await this.ada.summary(run))['lastLine']).toBe(0);
  }

  /** Alters one document of a run. */
  async altered(run: string, document: string): Promise<void> {
    const { rowCount } = await this.sql.query(DOCUMENTS[document] as string, [runUuid(run as RunId)]);
    expect(rowCount).toBe(1);
  }

  /** Refused with the code, halted, and audited once. */
  async found(run: string, answer: { status: number; body: Record<string, unknown> }): Promise<void> {
    expect(answer).toMatchObject({ status: 409, body: { code: 'DOCUMENT_ALTERED' } });
    expect(await this.ada.summary(run)).toMatchObject({ status: 'halted', error: { code: 'DOCUMENT_ALTERED' } });
    const { rows } = await this.sql.query<{ event: Record<string, unknown> }>(
      "select event from pack_runs.audit where event->>'type' = 'document.altered' and event->>'runId' = $1",
      [run],
    );
    expect(rows).toEqual([{ event: expect.objectContaining({ code: 'DOCUMENT_ALTERED' }) as unknown }]);
    await this.nothingApplied(run);
  }

  /** A run that ended and was sealed, with a log line and an artifact. */
  async sealedRun(steps = NOISY): Promise<{ run: string; uuid: string }> {
    const run = await this.ada.submit(separately(steps));
    await this.ada.until(run, ['succeeded']);
    await this.ada.sealed(run);
    return { run, uuid: runUuid(run as RunId) };
  }
}
