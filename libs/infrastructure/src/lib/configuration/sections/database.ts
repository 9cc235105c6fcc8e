import { databaseUrl, duration, flag, number, secretFile, text } from '../kinds';
import { key, section, unset } from '../key';
import { SECOND, HOUR } from './units';

export const database = section(
  'PostgreSQL 15 to 18. Each process needs the URL of its own role, or host and the password file of that role.',
  {
    ownerUrl: unset(databaseUrl, 'Role taskrunner_owner: migrations only.'),
    maintainUrl: unset(databaseUrl, 'Role taskrunner_maintain: partitions and retention.'),
    webUrl: unset(databaseUrl, 'Role taskrunner_web: the webservice.'),
    workerUrl: unset(databaseUrl, 'Role taskrunner_worker: the worker.'),
    host: unset(text, 'Host or socket folder, where no URL is given.'),
    port: key(number(1, 65_535), 5_432, 'Port, where no URL is given.'),
    name: key(text, 'taskrunner', 'Database, where no URL is given.'),
    ownerPasswordFile: unset(secretFile, 'File with the password of taskrunner_owner.'),
    maintainPasswordFile: unset(secretFile, 'File with the password of taskrunner_maintain.'),
    webPasswordFile: unset(secretFile, 'File with the password of taskrunner_web.'),
    workerPasswordFile: unset(secretFile, 'File with the password of taskrunner_worker.'),
    poolSize: key(number(1, 1_000), 8, 'Connections of one process for ordinary questions.', 'connections'),
    statementTimeout: key(duration(SECOND, HOUR), 30 * SECOND, 'Longest time one statement may take.', 'ms, s, m, h'),
    allowUnsafe: key(flag, false, 'Accepts a server that may lose acknowledged commits: for tests only.'),
  },
);
