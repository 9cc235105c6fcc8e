import { layoutGraph, type PlanGraph } from './graph-layout';

// A large graph takes long to lay out, so it is done beside the page.
self.addEventListener('message', ({ data }: MessageEvent<PlanGraph>) => {
  self.postMessage(layoutGraph(data));
});
