import { defineDriven } from '../cli/delegate.js';
import { RUN } from '../cli/flags/run.js';

/** The helper's (bin/tsrun): the class is here for the manifest, and hands over when oclif is asked for it all the same. */
export default defineDriven(RUN);
