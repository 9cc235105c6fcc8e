// Global setup of a whole suite: creates a migrated database that each file copies. `npm test` creates one for all projects. A run of
// selected files creates none; each of them then creates its own.
module.exports = async ({ testPathPatterns }) => {
  const {
    TASKRUNNER_TEST_CLUSTER: made,
    TASKRUNNER_TEST_PG_BIN: other,
    TASKRUNNER_TEST_CLUSTER_FOLDER: shared,
  } = process.env;
  if (made !== undefined || other !== undefined || testPathPatterns.patterns.length > 0) return;
  const { makeTestCluster, sharedTestCluster } = await import('./test-cluster.mjs');
  if (shared !== undefined) {
    process.env.TASKRUNNER_TEST_CLUSTER = await sharedTestCluster(shared);
    return;
  }
  const { clusterFolder, removeCluster } = await import('./cluster-folder.mjs');
  const folder = clusterFolder();
  globalThis.removeTestCluster = () => removeCluster(folder);
  process.env.TASKRUNNER_TEST_CLUSTER = await makeTestCluster(folder);
};
