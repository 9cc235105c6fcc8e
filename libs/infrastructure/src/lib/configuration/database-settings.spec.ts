import { variableOf } from './environment-variables';
import { parseConfiguration } from './parse-configuration';

function faults(database: object): string[] {
  const reading = parseConfiguration(JSON.stringify({ database }));
  return reading.kind === 'read' ? [] : reading.faults.map(({ code, path }) => `${code} ${path}`);
}

describe('the place of the database', () => {
  it('is a server, unless a folder is named', () => {
    const url = 'postgresql://taskrunner_web@localhost/taskrunner';
    expect(faults({ webUrl: url })).toEqual([]);
    expect(faults({ kind: 'file', folder: '/var/lib/taskrunner/storage' })).toEqual([]);
    expect(faults({ kind: 'sqlite' })).toEqual(['CONFIG_CHOICE /database/kind']);
  });

  it('is the server of the parent in a child process, whose variables override the folder of the file', () => {
    const file = JSON.stringify({ database: { kind: 'file', folder: '/var/lib/taskrunner/storage' } });
    const workerUrl = 'postgresql://taskrunner_worker:S3cret@localhost:5432/taskrunner?host=%2Fvar%2Flib';
    const variables = {
      [variableOf(['database', 'kind'])]: 'postgres',
      [variableOf(['database', 'workerUrl'])]: workerUrl,
    };
    expect(parseConfiguration(file, variables)).toMatchObject({
      kind: 'read',
      configuration: { database: { kind: 'postgres', workerUrl } },
    });
  });

  it('is not both', () => {
    expect(faults({ kind: 'file' })).toEqual(['CONFIG_MISSING_KEY /database/folder']);
    expect(faults({ kind: 'file', folder: 'storage' })).toEqual(['CONFIG_FORMAT /database/folder']);
    const folder = { kind: 'file', folder: '/var/lib/taskrunner/storage' };
    for (const key of ['ownerUrl', 'maintainUrl', 'webUrl', 'workerUrl'])
      expect(faults({ ...folder, [key]: 'postgresql://localhost/taskrunner' })).toEqual([
        `CONFIG_CONFLICT /database/${key}`,
      ]);
    for (const key of ['host', 'ownerPasswordFile', 'maintainPasswordFile', 'webPasswordFile', 'workerPasswordFile'])
      expect(faults({ ...folder, [key]: '/run/postgresql' })).toEqual([`CONFIG_CONFLICT /database/${key}`]);
  });
});
