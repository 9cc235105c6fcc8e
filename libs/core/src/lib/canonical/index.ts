export { canonical } from './canonical';
export { digestIfJson, digestOf, sha256 } from './digest';
