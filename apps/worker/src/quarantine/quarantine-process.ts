import '../leave-with-worker';
import { driveIsolated } from './serve-quarantine';

driveIsolated();
