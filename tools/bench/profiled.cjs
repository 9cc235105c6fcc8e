// Loaded into the services if BENCH_PROFILE names a folder. The first SIGUSR2 starts a profile of the main thread, the second one writes it
// to the folder.
const { Session } = require('node:inspector');
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { isMainThread } = require('node:worker_threads');

const service = /apps\/(webservice|worker)\/dist\/main\.js$/.exec(process.argv[1] ?? '')?.[1];
if (isMainThread && service) {
  const session = new Session();
  session.connect();
  let isOn = false;
  process.on('SIGUSR2', () => {
    isOn = !isOn;
    if (isOn) {
      session.post('Profiler.enable');
      session.post('Profiler.setSamplingInterval', { interval: 500 });
      session.post('Profiler.start');
      return;
    }
    session.post('Profiler.stop', (error, { profile }) => {
      if (error) throw error;
      const file = `${service}-${process.env['BENCH_PROFILE_OF']}-${process.pid}.cpuprofile`;
      writeFileSync(join(process.env['BENCH_PROFILE'], file), JSON.stringify(profile));
    });
  });
}
