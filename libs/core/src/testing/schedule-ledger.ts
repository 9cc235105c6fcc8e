import { sign } from 'node:crypto';
import { sha256 } from '../lib/canonical/digest';
import { preAuthEncoding, sealEnvelope, type Envelope } from '../lib/evidence/encoding/envelope';
import { verifySignature } from '../lib/evidence/encoding/signature';
import { PAYLOAD_TYPE, type AdmissionRecord } from '../lib/evidence/records/documents';
import type { RunId, ScheduleId, TenantId } from '../lib/foundation/ids';
import type { JsonObject } from '../lib/foundation/json';
import { SignedSchedules } from '../lib/operations/schedules/signed-schedules';
import { Signer } from '../lib/ports/evidence/signer';
import type { ScheduleStore } from '../lib/ports/schedules/schedule-store';
import type { Schedule, TickRun } from '../lib/schedule/schedule';
import { scheduleDigests, scheduleRecord, type ScheduleRecord } from '../lib/schedule/schedule-record';
import type { ScheduleAlteration } from '../lib/stored/stored-schedule';
import { aKey, signed, type SampleKey } from './sample-signing';

/** A person of the issuer `id.test`. */
export const party = (sub: string) => ({
  name: sub,
  actors: [{ iss: 'https://id.test', sub, kind: 'person' as const }],
});

/** A schedule of which every member has a value. */
export const aSchedule: Schedule = {
  tenant: 'acme' as TenantId,
  scheduleId: 'sch_1' as ScheduleId,
  name: 'nightly',
  revision: 3,
  timing: {
    cron: '0 2 * * *',
    timeZone: 'UTC',
    overlap: 'forbid',
    catchUp: 'none',
    catchUpWindowMs: 60_000,
    until: 5_000,
  },
  source: { kind: 'inline', manifest: 'a: 1', hasLines: true, files: [] },
  inputs: { a: 1 },
  pack: { name: 'p', version: '1.0.0', contentDigest: sha256('c') },
  pin: { planHash: sha256('plan'), profileDigest: sha256('profile') },
  labels: { team: 'x' },
  creator: party('ada'),
  editor: party('grace'),
  author: party('linus'),
  paused: false,
  stopped: null,
  next: 7_000,
  createdAt: 1_000,
  updatedAt: 2_000,
  record: null,
};

/** Its record. */
export const aScheduleRecord: ScheduleRecord = scheduleRecord(aSchedule, scheduleDigests(aSchedule));

/** Signs admissions and records of schedules with a key in memory. */
class SampleSigner extends Signer<'admission'> {
  readonly keyid = '';
  readonly usage = 'admission';

  constructor(private readonly key: SampleKey) {
    super();
  }

  sign(payloadType: string, payload: string): Promise<Envelope> {
    const bytes = Buffer.from(payload);
    return Promise.resolve(
      sealEnvelope(payloadType, bytes, sign(null, preAuthEncoding(payloadType, bytes), this.key.privateKey)),
    );
  }
}

/** A run and its admission, signed with `key`, for a tick of a schedule. `overrides`: members of the record. */
export function aTickRun(
  key: SampleKey,
  { tenant, scheduleId }: Pick<Schedule, 'tenant' | 'scheduleId'>,
  runId: RunId,
  overrides: Partial<AdmissionRecord> = {},
): TickRun {
  const record: AdmissionRecord = {
    schema: 'taskrunner.admission.v1',
    runId,
    tenant,
    initiators: [],
    pack: { ...aSchedule.pack, sourceDigest: sha256('source'), signers: [] },
    ...aSchedule.pin,
    scheduleId,
    rerunOf: null,
    acceptedAt: new Date(7_000).toISOString(),
    nonce: '00',
    ...overrides,
  };
  return { runId, admission: signed(key, PAYLOAD_TYPE.admission, record) as unknown as JsonObject };
}

/** Signs and compares schedules with a key, of its own unless one is given. Alarms are added to `alarms`. */
export function scheduleLedger(
  schedules: ScheduleStore,
  alarms: ScheduleAlteration[] = [],
  key: SampleKey = aKey('admission'),
): SignedSchedules {
  const keys = { keys: [key.trusted], verifySignature };
  const alarm = (found: ScheduleAlteration) => void alarms.push(found);
  return new SignedSchedules({ schedules, signer: new SampleSigner(key), keys, alarm });
}
