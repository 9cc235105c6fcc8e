// Jobs on the database, for containers: `node docker/database.cjs migrate` with the owner's password, `… maintain` with that of the
// maintain role. Reads the same configuration as the services.
'use strict';
const { databaseUrlsOf, loadConfiguration, maintainDatabase, migrateDatabase } = require('@taskrunner/infrastructure');

const JOBS = {
  migrate: ({ ownerUrl }) => migrateDatabase(needed(ownerUrl, 'owner')),
  maintain: ({ maintainUrl }) => maintainDatabase(needed(maintainUrl, 'maintain')),
};

function needed(url, role) {
  if (url === undefined)
    throw new Error(`database.host and database.${role}PasswordFile, or database.${role}Url, are not configured`);
  return url;
}

async function main(name) {
  const job = Object.hasOwn(JOBS, name) ? JOBS[name] : null;
  if (job === null) throw new Error(`usage: database.cjs ${Object.keys(JOBS).join('|')}`);
  const reading = await loadConfiguration(undefined, process.env);
  if (reading.kind === 'refused')
    throw new Error(reading.faults.map(({ code, path, message }) => `${code} ${path} ${message}`).join('\n'));
  return job(await databaseUrlsOf(reading.configuration));
}

main(process.argv[2] ?? '').then(
  (done) => process.stdout.write(`${JSON.stringify(done)}\n`),
  (error) => {
    process.stderr.write(`${error.code ? `${error.code} ` : ''}${error.message}\n`);
    process.exitCode = 1;
  },
);
