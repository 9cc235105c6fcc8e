// Starts an embedded database from the sources, reports it in one JSON line, and then waits to be killed.
// argv: the options of startEmbeddedPostgres as JSON.
require('./sources.cjs');
const { startEmbeddedPostgres } = require('../embedded-postgres.ts');

startEmbeddedPostgres(JSON.parse(process.argv[2])).then(
  ({ pid, port, pgdata }) => {
    console.log(JSON.stringify({ pid, port, pgdata }));
    setInterval(() => undefined, 60_000);
  },
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
