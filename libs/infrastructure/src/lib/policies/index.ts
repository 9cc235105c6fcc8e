export { cedarEngine } from './cedar-engine';
