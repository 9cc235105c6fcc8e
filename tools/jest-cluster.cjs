// Before a whole suite: a migrated database that its files begin with a copy of. A run of some files makes none: each of them then makes its own.
module.exports = async ({ testPathPatterns }) => {
  const { TASKRUNNER_TEST_CLUSTER: made, TASKRUNNER_TEST_PG_BIN: other } = process.env;
  if (made !== undefined || other !== undefined || testPathPatterns.patterns.length > 0) return;
  const { makeTestCluster } = await import('./test-cluster.mjs');
  const cluster = await makeTestCluster();
  process.env.TASKRUNNER_TEST_CLUSTER = cluster.folder;
  globalThis.removeTestCluster = cluster.remove;
};
