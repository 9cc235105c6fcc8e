import { sign } from 'node:crypto';
import { preAuthEncoding, sealEnvelope, type Envelope } from '../lib/evidence/encoding/envelope';
import { verifySignature } from '../lib/evidence/encoding/signature';
import { SignedSchedules } from '../lib/operations/schedules/signed-schedules';
import { Signer } from '../lib/ports/evidence/signer';
import type { ScheduleStore } from '../lib/ports/schedules/schedule-store';
import type { ScheduleAlteration } from '../lib/stored/stored-schedule';
import { aKey, type SampleKey } from './sample-evidence';

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

/** Signs and compares schedules with a key of its own. Alarms are added to `alarms`. */
export function scheduleLedger(schedules: ScheduleStore, alarms: ScheduleAlteration[] = []): SignedSchedules {
  const key = aKey('admission');
  const keys = { keys: [key.trusted], verifySignature };
  const alarm = (found: ScheduleAlteration) => void alarms.push(found);
  return new SignedSchedules({ schedules, signer: new SampleSigner(key), keys, alarm });
}
