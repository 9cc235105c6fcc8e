// One round of one measure, in a process of its own: prints {value, ratio?, rssMiB}.
import { MEASURES } from './measures.mjs';

const result = await MEASURES[process.argv[2]].round();
process.stdout.write(JSON.stringify({ ...result, rssMiB: process.resourceUsage().maxRSS / 1024 }));
