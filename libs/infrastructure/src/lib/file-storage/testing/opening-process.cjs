// Opens a storage folder from the sources, reports it in one JSON line, and then waits to be killed.
// argv: the folder, and the options of openFolderDatabase as JSON.
require('../../embedded-postgres/testing/sources.cjs');
const { openFolderDatabase } = require('../folder-database.ts');

openFolderDatabase(process.argv[2], JSON.parse(process.argv[3])).then(
  ({ urls, isNew }) => {
    console.log(JSON.stringify({ urls, isNew }));
    setInterval(() => undefined, 60_000);
  },
  (error) => {
    console.log(JSON.stringify({ code: error.code, message: error.message }));
    process.exit(1);
  },
);
