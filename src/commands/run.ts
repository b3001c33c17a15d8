import { defineRun } from '../cli/delegate-run.js';

/** `run` is the helper's (bin/tsrun): the class is here for the manifest, and hands over when oclif is asked for it all the same. */
export default defineRun();
