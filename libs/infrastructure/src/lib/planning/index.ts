export { PlanningThreads } from './planning-threads';
