// Jobs on the database, for containers: `node docker/database.cjs migrate` with the owner's password, `… maintain` with that of the
// maintain role; `… maintain daily` goes on, once a day. Reads the same configuration as the services.
'use strict';
const { databaseUrlsOf, loadConfiguration, maintainDatabase, migrateDatabase } = require('@taskrunner/infrastructure');

const JOBS = {
  migrate: ({ ownerUrl }) => migrateDatabase(needed(ownerUrl, 'owner')),
  maintain: ({ maintainUrl }, { retention }) => maintainDatabase(needed(maintainUrl, 'maintain'), retention),
};
const DAY_MS = 86_400_000;

function needed(url, role) {
  if (url === undefined)
    throw new Error(`database.host and database.${role}PasswordFile, or database.${role}Url, are not configured`);
  return url;
}

async function main(name) {
  const job = Object.hasOwn(JOBS, name) ? JOBS[name] : null;
  if (job === null) throw new Error(`usage: database.cjs ${Object.keys(JOBS).join('|')} [daily]`);
  const reading = await loadConfiguration(undefined, process.env);
  if (reading.kind === 'refused')
    throw new Error(reading.faults.map(({ code, path, message }) => `${code} ${path} ${message}`).join('\n'));
  return job(await databaseUrlsOf(reading.configuration), reading.configuration);
}

function report(error) {
  process.stderr.write(`${error.code ? `${error.code} ` : ''}${error.message}\n`);
}

async function run(name, daily) {
  const done = main(name).then((result) => process.stdout.write(`${JSON.stringify(result)}\n`));
  if (!daily) return done;
  await done.catch(report);
  setTimeout(() => void run(name, daily), DAY_MS);
}

run(process.argv[2] ?? '', process.argv[3] === 'daily').catch((error) => {
  report(error);
  process.exitCode = 1;
});
