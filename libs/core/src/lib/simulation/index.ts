export { verdictInWords } from './report';
export { simulate, type Simulated } from './simulate';
