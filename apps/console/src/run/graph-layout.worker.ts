import type { Graph } from '../api/views';
import { layoutGraph } from './graph-layout';

// A large graph takes long to lay out, so it is done beside the page.
self.addEventListener('message', ({ data }: MessageEvent<Graph>) => {
  self.postMessage(layoutGraph(data));
});
