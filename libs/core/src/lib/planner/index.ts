export { parseImage } from './context/image';
export { CARRYING_HEADERS } from './reading/check-http';
