// Opens a storage folder from the build, and commits numbers that follow the highest one. It prints the highest one that it found, and then each
// number after its commit was acknowledged. argv: the folder.
const { writeSync } = require('node:fs');
const { Client } = require('pg');
const { openFolderDatabase } = require('../../../../dist/lib/file-storage');

// Written synchronously: process.stdout queues lines while the reader is busy, and a killed process takes them with it.
async function commit() {
  const { urls } = await openFolderDatabase(process.argv[2]);
  const client = new Client({ connectionString: urls.ownerUrl });
  // The query that is under way fails too.
  client.on('error', () => undefined);
  await client.connect();
  await client.query('create table if not exists pack_runs.numbers (number int primary key)');
  const { rows } = await client.query(
    'select coalesce(max(number), 0) as highest, count(*)::int as count from pack_runs.numbers',
  );
  const [{ highest, count }] = rows;
  writeSync(1, `${highest} ${count}\n`);
  for (let number = highest + 1; ; number += 1) {
    await client.query('insert into pack_runs.numbers values ($1)', [number]);
    writeSync(1, `${number}\n`);
  }
}

commit().catch((error) => {
  writeSync(1, `${error.code}: ${error.message}\n`);
  process.exit(1);
});
