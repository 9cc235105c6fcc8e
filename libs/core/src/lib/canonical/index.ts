export { canonical } from './canonical';
export { digestOf, sha256 } from './digest';
