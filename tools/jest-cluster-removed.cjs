// Global teardown of a suite: see jest-cluster.cjs.
module.exports = () => globalThis.removeTestCluster?.();
