// Jobs on the database, for containers: `node docker/database.cjs migrate` with the owner's password, `… maintain` with that of the
// maintain role; `… maintain daily` goes on, once a day. With that role, too: `… backup FOLDER [objects]`,
// `… restore FOLDER [check|copy|report] [check|report]` (objects, keys), `… settle`, `… adopt-store` and `… resume TENANT RUN|all REASON`. Reads the same configuration as the services.
'use strict';
const { CronerCalendar } = require('@taskrunner/infrastructure/calendar');
const { databaseUrlOf, keyPathsOf, loadConfiguration } = require('@taskrunner/infrastructure/configuration');
const { namingStore, openExistingObjectStore, openObjectStore } = require('@taskrunner/infrastructure/object-store');
const {
  adoptObjectStore,
  backUpDatabase,
  maintainDatabase,
  migrateDatabase,
  restoreDatabase,
  RESTORED_KEYS,
  RESTORED_OBJECTS,
  resumeRuns,
  settleRecovered,
} = require('@taskrunner/infrastructure/postgres');
const { keysAtHand } = require('@taskrunner/infrastructure/signing');
const { version: product } = require('../package.json');

const JOBS = {
  migrate: async (configuration) => migrateDatabase(await urlOf('owner', configuration), onWaiting),
  maintain: async (configuration) =>
    maintainDatabase(await urlOf('maintain', configuration), configuration.retention, onWaiting),
  backup: async (configuration, [folder, objects]) => {
    const { artifacts } = configuration;
    if (folder === undefined || ![undefined, 'objects'].includes(objects)) throw usage('backup FOLDER [objects]');
    const interrupt = new AbortController();
    for (const name of ['SIGINT', 'SIGTERM']) process.once(name, () => interrupt.abort());
    const { manifest, digest } = await namingStore(artifacts, async () =>
      backUpDatabase(await urlOf('maintain', configuration), {
        ...{ folder, product, copyObjects: objects === 'objects', objects: await openExistingObjectStore(artifacts) },
        ...{ onWaiting, signal: interrupt.signal },
        onLost: ({ tenant, run, digest, what }) =>
          process.stderr.write(`${what} object: ${digest} of ${tenant} ${run ?? 'schedules'}\n`),
        onDamaged: ({ table, row, reason }) => process.stderr.write(`ROW_DAMAGED ${table} ${row}: ${reason}\n`),
      }),
    );
    if (manifest.objects.lost + manifest.objects.altered + manifest.damaged > 0) process.exitCode = 1;
    return {
      folder,
      digest,
      takenAt: manifest.takenAt,
      objects: manifest.objects,
      keys: manifest.keys,
      damaged: manifest.damaged,
    };
  },
  restore: async (configuration, [folder, mode = 'check', keysMode = 'check']) => {
    if (folder === undefined || !RESTORED_OBJECTS.includes(mode) || !RESTORED_KEYS.includes(keysMode))
      throw usage(`restore FOLDER [${RESTORED_OBJECTS.join('|')}] [${RESTORED_KEYS.join('|')}]`);
    const { artifacts } = configuration;
    const openStore = mode === 'copy' ? openObjectStore : openExistingObjectStore;
    const keys = await keysAtHand(keyPathsOf(configuration));
    const { manifest, ...done } = await namingStore(artifacts, async () =>
      restoreDatabase(await urlOf('maintain', configuration), {
        ...{ folder, mode, keys, keysMode, objects: await openStore(artifacts) },
        ...{ calendar: new CronerCalendar(), expected: null, onWaiting },
      }),
    );
    return { ...done, takenAt: manifest.takenAt };
  },
  settle: async (configuration) =>
    settleRecovered(await urlOf('maintain', configuration), new CronerCalendar(), onWaiting),
  'adopt-store': async (configuration) => {
    const { artifacts } = configuration;
    return namingStore(artifacts, async () =>
      adoptObjectStore(await urlOf('maintain', configuration), await openObjectStore(artifacts), onWaiting),
    );
  },
  resume: async (configuration, [tenant, run, reason]) => {
    if (reason === undefined) throw usage('resume TENANT RUN|all REASON');
    return resumeRuns(await urlOf('maintain', configuration), { tenant, run: run === 'all' ? null : run, reason });
  },
};
const DAY_MS = 86_400_000;

function onWaiting(what) {
  process.stderr.write(`waiting for ${what}\n`);
}

/** Reads the password file of this role alone. */
async function urlOf(role, configuration) {
  const url = await databaseUrlOf(configuration, role);
  if (url === null)
    throw new Error(`database.host and database.${role}PasswordFile, or database.${role}Url, are not configured`);
  return url;
}

function usage(how) {
  return new Error(`usage: database.cjs ${how}`);
}

async function main(name, args) {
  const job = Object.hasOwn(JOBS, name) ? JOBS[name] : null;
  if (job === null) throw usage(`${Object.keys(JOBS).join('|')} …`);
  const reading = await loadConfiguration(undefined, process.env);
  if (reading.kind === 'refused')
    throw new Error(reading.faults.map(({ code, path, message }) => `${code} ${path} ${message}`).join('\n'));
  return job(reading.configuration, args);
}

function report(error) {
  // Further lines of a message are indented, as the CLI does: at the margin they could pass for help.
  const message = error.message.replaceAll('\n', '\n  ');
  process.stderr.write(`${error.code ? `${error.code} ` : ''}${message}\n`);
  if (error.remediation) process.stderr.write(`help: ${error.remediation}\n`);
}

async function run(name, args) {
  const done = main(name, args).then((result) => process.stdout.write(`${JSON.stringify(result)}\n`));
  if (name !== 'maintain' || args[0] !== 'daily') return done;
  await done.catch(report);
  setTimeout(() => void run(name, args), DAY_MS);
}

run(process.argv[2] ?? '', process.argv.slice(3)).catch((error) => {
  report(error);
  process.exitCode = 1;
});
