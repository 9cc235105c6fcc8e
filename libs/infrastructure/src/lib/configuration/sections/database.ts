import { databaseUrl, duration, flag, number, oneOf, path, secretFile, text } from '../kinds';
import { key, section, unset } from '../key';
import { SECOND, HOUR } from './units';

export const database = section(
  'PostgreSQL 15 to 18. Each process needs the URL of its role, or the host and the password file of its role. With kind: file, it needs the folder alone.',
  {
    kind: key(
      oneOf('postgres', 'file'),
      'postgres',
      'postgres: a server. file: a folder that one process owns, with a server that it starts.',
    ),
    folder: unset(path, 'Storage folder of kind: file. It is created at the first start. No port is opened.'),
    ownerUrl: unset(databaseUrl, 'Role taskrunner_owner: migrations only.'),
    maintainUrl: unset(databaseUrl, 'Role taskrunner_maintain: partitions and retention.'),
    webUrl: unset(databaseUrl, 'Role taskrunner_web: the webservice.'),
    workerUrl: unset(databaseUrl, 'Role taskrunner_worker: the worker.'),
    host: unset(text, 'Host or socket directory. Used if no URL is set.'),
    port: key(number(1, 65_535), 5_432, 'Port. Used if no URL is set.'),
    name: key(text, 'taskrunner', 'Name of the database. Used if no URL is set.'),
    ownerPasswordFile: unset(secretFile, 'File with the password of taskrunner_owner.'),
    maintainPasswordFile: unset(secretFile, 'File with the password of taskrunner_maintain.'),
    webPasswordFile: unset(secretFile, 'File with the password of taskrunner_web.'),
    workerPasswordFile: unset(secretFile, 'File with the password of taskrunner_worker.'),
    poolSize: key(number(1, 1_000), 8, 'Size of the connection pool of one process.', 'connections'),
    statementTimeout: key(duration(SECOND, HOUR), 30 * SECOND, 'Timeout of one statement.', 'ms, s, m, h'),
    allowUnsafe: key(flag, false, 'Accepts a server that can lose acknowledged commits. For tests only.'),
    connectTimeout: key(
      duration(SECOND, HOUR),
      5 * SECOND,
      'Maximum time to wait for a free connection of the pool, or for the server to accept a new connection.',
      'ms, s, m, h',
    ),
  },
);
