// After a suite: see jest-cluster.cjs.
module.exports = () => globalThis.removeTestCluster?.();
