// An entry of its own: verification needs nothing else, and does not load clients of databases and clouds (about 350 ms).
export { readTar, readTarFiles } from './lib/archive/read-tar';
export { isTarOf, writeTar } from './lib/archive/write-tar';
export { cedarEngine } from './lib/policies/cedar-engine';
