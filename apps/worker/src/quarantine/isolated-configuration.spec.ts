import { defaultConfiguration } from '@taskrunner/infrastructure/configuration';
import { isolatedConfiguration } from './isolated-configuration';

describe('the configuration of a process of a run in quarantine', () => {
  const defaults = defaultConfiguration();
  const url = 'postgresql://taskrunner_worker:S3cret@localhost:5432/taskrunner?host=%2Fvar%2Flib';

  it('is that of its worker, which may come from no file, with a folder of its own', () => {
    const database = { ...defaults.database, workerUrl: url };
    const configuration = { ...defaults, database, approvals: { ...defaults.approvals, grants: ['packs.approve'] } };
    expect(isolatedConfiguration(configuration, '/srv/quarantine-0', null)).toEqual({
      ...configuration,
      sandbox: { ...defaults.sandbox, workDirectory: '/srv/quarantine-0' },
    });
  });

  it('names the server of a folder that the worker has opened', () => {
    const database = { ...defaults.database, kind: 'file' as const, folder: '/var/lib/taskrunner/storage' };
    expect(isolatedConfiguration({ ...defaults, database }, '/srv/quarantine-0', url).database).toEqual({
      ...defaults.database,
      ...{ kind: 'postgres', folder: null, workerUrl: url },
    });
  });

  it('can be sent to it', () => {
    expect(structuredClone(defaults)).toEqual(defaults);
  });
});
