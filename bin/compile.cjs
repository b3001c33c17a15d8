// The entry for the native helper, which has Node compile its plans.
require('../dist/load.cjs').load('compile');
