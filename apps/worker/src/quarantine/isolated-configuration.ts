/** The parts of a configuration that differ in the process. */
interface Isolatable {
  readonly sandbox: object;
  readonly database: object;
}

/**
 * The configuration of a process of a run in quarantine: that of its worker, with a folder for workspaces. `url`: of the database server that
 * the worker owns. The process cannot open the folder of that server, so it connects to the server; null: the worker owns none.
 */
export function isolatedConfiguration<Configuration extends Isolatable>(
  configuration: Configuration,
  workDirectory: string,
  url: string | null,
): Configuration {
  const { sandbox, database } = configuration;
  return {
    ...configuration,
    sandbox: { ...sandbox, workDirectory },
    database: url === null ? database : { ...database, kind: 'postgres', folder: null, workerUrl: url },
  };
}
