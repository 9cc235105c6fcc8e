import { ownSettings, readOwnSettings, withSettings } from './own-settings';

/** The lines that are reported: code, place and message. */
function refusal(text: string, env: Readonly<Record<string, string>> = {}): readonly string[] {
  try {
    ownSettings(text, env);
  } catch (error) {
    const { code, faults } = error as { code: string; faults: readonly Record<string, unknown>[] };
    expect(code).toBe('DEV_CONFIG_INVALID');
    return faults.map(
      ({ code, line, column, message }) => `${String(code)} ${String(line)}:${String(column)} ${String(message)}`,
    );
  }
  return [];
}

describe('settings of the user for a development stack', () => {
  it('are a part of the configuration, and variables of the services, but not those of the command line', () => {
    const env = {
      TASKRUNNER_WORKER_LEASE: '5s',
      TASKRUNNER_SERVER: 'http://127.0.0.1:1',
      TASKRUNNER_TOKEN: 't',
      HOME: '/',
    };
    expect(ownSettings('sealedMode: { allow: [ { host: registry.example.org } ] }\n', env)).toEqual({
      settings: { sealedMode: { allow: [{ host: 'registry.example.org' }] } },
      variables: { TASKRUNNER_WORKER_LEASE: '5s' },
    });
    expect(ownSettings('', {})).toEqual({ settings: {}, variables: {} });
  });

  it('are checked before anything starts, all together, with lines of the file', () => {
    expect(refusal('worker: { laese: 5s }\nhttp:\n  healthPort: 70000\n', { TASKRUNNER_WORKER_SLOTS: 'many' })).toEqual(
      [
        'CONFIG_TYPE null:null worker.slots must be an integer. The value comes from TASKRUNNER_WORKER_SLOTS.',
        'CONFIG_UNKNOWN_KEY 1:11 worker has no key "laese".',
        'CONFIG_RANGE 3:15 http.healthPort must be from 0 to 65535; it is 70000.',
      ],
    );
  });

  it('cannot set what the stack sets itself', () => {
    const text = 'http:\n  port: 1\ndatabase: { ownerUrl: "postgresql://x" }\nkeys: { folder: /keys }\n';
    expect(refusal(text, { TASKRUNNER_ARTIFACTS_ROOT: '/objects' })).toEqual([
      'DEV_CONFIG_RESERVED 2:3 http.port is set by `taskrunner dev` itself.',
      'DEV_CONFIG_RESERVED 3:13 database.ownerUrl is set by `taskrunner dev` itself.',
      'DEV_CONFIG_RESERVED null:null TASKRUNNER_ARTIFACTS_ROOT is set by `taskrunner dev` itself.',
      'DEV_CONFIG_RESERVED 4:9 keys.folder is set by `taskrunner dev` itself.',
    ]);
  });

  it('name the file that cannot be read', async () => {
    await expect(readOwnSettings('/nowhere.yaml', {})).rejects.toMatchObject({
      code: 'DEV_CONFIG_INVALID',
      message: 'the file /nowhere.yaml of --config cannot be read (ENOENT)',
    });
  });

  it('replace values of the stack, and add to its lists', () => {
    const stack = { http: { port: 1, drain: '5s' }, approvals: { grants: ['a'], actors: [] } };
    const own = { http: { drain: '1s' }, approvals: { grants: ['b'], expiresAfter: '1h' }, profile: 'standard' };
    expect(withSettings(stack, own)).toEqual({
      http: { port: 1, drain: '1s' },
      approvals: { grants: ['a', 'b'], actors: [], expiresAfter: '1h' },
      profile: 'standard',
    });
  });
});
