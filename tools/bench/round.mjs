// One round of one measure in a separate process: prints {value, ratio?, rssMiB}.
import { loadMeasures } from './measures.mjs';

const result = await (await loadMeasures())[process.argv[2]].round();
process.stdout.write(JSON.stringify({ ...result, rssMiB: process.resourceUsage().maxRSS / 1024 }));
