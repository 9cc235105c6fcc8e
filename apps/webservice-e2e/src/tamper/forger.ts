import { canonical, sha256 } from '@taskrunner/core/canonical';
import { runUuid, type Json, type RunId } from '@taskrunner/core/foundation';
import type { Client } from 'pg';

type Members = Record<string, Json>;

interface Envelope {
  readonly payload: string;
}

/** Rewrites signed documents together with everything in the database that repeats them. Only the signatures stay as they were. */
export class Forger {
  constructor(private readonly sql: Client) {}

  /** The run has pack, plan and inputs of another run, and an admission that says so. `change`: more members of its admission. */
  async admission(run: string, other: string, change: Members = {}): Promise<void> {
    const [uuid, otherUuid] = [runUuid(run as RunId), runUuid(other as RunId)];
    const own = await this.admissionOf(uuid);
    const { initiators, nonce } = own.record;
    const their = await this.admissionOf(otherUuid);
    const record = {
      ...their.record,
      runId: run,
      ...(initiators && { initiators }),
      ...(nonce && { nonce }),
      ...change,
    };
    const { envelope, digest } = forged(own.envelope, record);
    await this.one(
      `update pack_runs.submissions r set manifest = o.manifest, files = o.files, inputs = o.inputs, pack_name = o.pack_name,
        pack_version = o.pack_version, content_digest = o.content_digest, source_digest = o.source_digest, plan_hash = o.plan_hash,
        profile_digest = o.profile_digest, pack_signatures = o.pack_signatures, admission = $3, admission_digest = $4, initiators = $5
       from pack_runs.run_sources o where r.run_id = $1 and o.run_id = $2`,
      [uuid, otherUuid, envelope, digest, JSON.stringify(record['initiators'])],
    );
  }

  /** The admission of a run names other initiators, and so do its row and the requests of its gates. */
  async initiators(run: string, initiators: Json): Promise<void> {
    await this.admission(run, run, { initiators });
    const uuid = runUuid(run as RunId);
    const { digest: admissionDigest } = await this.admissionOf(uuid);
    const { rows } = await this.sql.query<{ gate: string; request: Members }>(
      'select gate, request from pack_runs.gates where run_id = $1',
      [uuid],
    );
    for (const { gate, request } of rows) {
      const changed = canonical({ ...request, admissionDigest });
      await this.one('update pack_runs.gates set request = $3, gate_digest = $4 where run_id = $1 and gate = $2', [
        uuid,
        gate,
        changed,
        sha256(changed),
      ]);
    }
  }

  /** The request of a gate about which nobody decided is another, and so is everything that repeats it. */
  async request(run: string, change: (request: Members) => Members, show?: Json): Promise<void> {
    const uuid = runUuid(run as RunId);
    const { rows } = await this.sql.query<{ request: Members; show: Json }>(
      'select request, show from pack_runs.gates where run_id = $1',
      [uuid],
    );
    const [{ request: before, show: shown }] = rows as [(typeof rows)[number]];
    const text = canonical(show ?? shown);
    const request: Members = { ...before, ...change(before), showDigest: sha256(text) };
    const { minApprovals } = request['requirement'] as { minApprovals: number };
    await this.one(
      'update pack_runs.gates set request = $2, show = $3, gate_digest = $4, required = $5, expires_at = $6 where run_id = $1',
      [uuid, canonical(request), text, sha256(canonical(request)), minApprovals, request['expiresAt']],
    );
  }

  /** The decision of a run is one of somebody else. */
  async decider(run: string, sub: string): Promise<void> {
    const uuid = runUuid(run as RunId);
    const { rows } = await this.sql.query<{ envelope: Envelope }>(
      'select envelope from pack_runs.decisions where run_id = $1',
      [uuid],
    );
    const [{ envelope: before }] = rows as [{ envelope: Envelope }];
    const record = recordIn(before);
    const person = { ...(record['person'] as Members), sub };
    const { envelope, digest } = forged(before, { ...record, person });
    await this.one('update pack_runs.decisions set sub = $2, envelope = $3, record_digest = $4 where run_id = $1', [
      uuid,
      sub,
      envelope,
      digest,
    ]);
  }

  /** A gate about which nobody decided is approved, by the decision of another run. */
  async approval(run: string, from: string): Promise<void> {
    const [uuid, other] = [runUuid(run as RunId), runUuid(from as RunId)];
    const { rows } = await this.sql.query<{ envelope: Envelope; decided_ms: string; gate_digest: string }>(
      `select d.envelope, d.decided_ms, g.gate_digest from pack_runs.decisions d join pack_runs.gates g on g.run_id = $1
       where d.run_id = $2`,
      [uuid, other],
    );
    const [{ envelope: before, decided_ms: at, gate_digest: gateDigest }] = rows as [(typeof rows)[number]];
    const { envelope, digest } = forged(before, { ...recordIn(before), runId: run, gateDigest });
    await this.one(
      `insert into pack_runs.decisions (tenant_id, run_id, gate, decision_id, decision, iss, sub, decided_ms, envelope, record_digest, name)
       select tenant_id, $1, gate, decision_id, decision, iss, sub, decided_ms, $3, $4, name from pack_runs.decisions where run_id = $2`,
      [uuid, other, envelope, digest],
    );
    await this.one("update pack_runs.gates set state = 'approved', approvals = 1, ended_ms = $2 where run_id = $1", [
      uuid,
      at,
    ]);
  }

  private async admissionOf(uuid: string): Promise<{ record: Members; envelope: Envelope; digest: string }> {
    const { rows } = await this.sql.query<{ admission: Envelope; admission_digest: string }>(
      'select admission, admission_digest from pack_runs.run_sources where run_id = $1',
      [uuid],
    );
    const [{ admission, admission_digest: digest }] = rows as [(typeof rows)[number]];
    return { record: recordIn(admission), envelope: admission, digest };
  }

  private async one(statement: string, values: unknown[]): Promise<void> {
    expect((await this.sql.query(statement, values)).rowCount).toBe(1);
  }
}

function recordIn({ payload }: Envelope): Members {
  return JSON.parse(Buffer.from(payload, 'base64').toString()) as Members;
}

/** The envelope with another record and the signature of the one before, and the digest of the record. */
function forged(before: Envelope, record: Members): { envelope: string; digest: string } {
  const text = canonical(record);
  const envelope = JSON.stringify({ ...before, payload: Buffer.from(text).toString('base64') });
  return { envelope, digest: sha256(text) };
}
