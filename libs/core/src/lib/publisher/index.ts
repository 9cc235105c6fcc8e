export { UNMET_PARTS, unmetOfEnvironment, type Unmet, type WorkerMeans } from './honour';
export { decidePackTrust, type PackTrust, type PackTrustPolicy, type PublisherKey } from './pack-trust';
