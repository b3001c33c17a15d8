/**
 * Asks podman the rows of test/integration/differential/ and compares its answers with those that are recorded there.
 *
 *   npm run differential -- podman                                  as this user
 *   npm run differential -- WRAPPER… podman --cgroups=disabled      inside a program that makes podman work here; more flags for its run
 */
import { program, run } from './steps.mjs';
import { transpile } from './transpile.mjs';

await program(import.meta.url, async () => {
  await transpile();
  await run(process.execPath, ['build/test/integration/differential/peer.js', ...process.argv.slice(2)], {
    advice: 'see above which rows differ',
  });
});
