import { duration, listOf, name } from '../kinds';
import { key, needed, section, unset } from '../key';
import { DAY, HOUR } from './units';

const UNIT = 'h, d';
const period = duration(2 * DAY, 36_500 * DAY);

const tenant = {
  tenant: needed(name, 'acme', 'Name of the tenant.'),
  runs: unset(period, 'Replaces retention.runs; null: no change.', UNIT),
  evidence: unset(period, 'Replaces retention.evidence; null: no change.', UNIT),
};

export const retention = section(
  'Retention periods that `taskrunner maintain` applies. Held runs (`taskrunner maintain hold`) are kept regardless of their age.',
  {
    journal: key(
      period,
      14 * DAY,
      'How long the journal and the log are kept in the database, from the submission of a run. Afterwards they are read from the evidence.',
      UNIT,
    ),
    runs: key(period, 30 * DAY, 'How long ended runs are kept: API data, artifacts and logs.', UNIT),
    evidence: key(period, 730 * DAY, 'How long evidence bundles and statements are kept, from the seal.', UNIT),
    events: key(
      duration(HOUR, 90 * DAY),
      7 * DAY,
      'How long events of the feeds of tenants are kept (`GET /api/events`).',
      UNIT,
    ),
    tenants: key(listOf(tenant), [], 'Tenants with other retention periods.'),
  },
);
