import { duration, listOf, name } from '../kinds';
import { key, needed, section, unset } from '../key';
import { DAY } from './units';

const UNIT = 'h, d';
const period = duration(2 * DAY, 36_500 * DAY);

const tenant = {
  tenant: needed(name, 'acme', 'Whose runs and evidence.'),
  runs: unset(period, 'As retention.runs; null: the same.', UNIT),
  evidence: unset(period, 'As retention.evidence; null: the same.', UNIT),
};

export const retention = section(
  'What `taskrunner maintain` removes, and when. Runs that are held (`taskrunner maintain hold`) stay whatever their age.',
  {
    journal: key(
      period,
      14 * DAY,
      'Journal and log as rows of the database, from the submission of a run; afterwards they are read from its evidence.',
      UNIT,
    ),
    runs: key(period, 30 * DAY, 'Runs that have ended: what the API tells of them, artifacts, logs.', UNIT),
    evidence: key(period, 730 * DAY, 'Evidence bundles and statements, from the seal.', UNIT),
    tenants: key(listOf(tenant), [], 'Tenants for which it is otherwise.'),
  },
);
