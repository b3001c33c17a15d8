/** Prints what can be seen of the directories 0, 1, 2… of one: `look-each.js DIRECTORY COUNT`, as a JSON array. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { look } from './look.js';

const [parent = '', count = '0'] = process.argv.slice(2);
const roots = Array.from({ length: Number(count) }, (_, index) => join(parent, String(index)));
// A program that failed may have taken its root with it.
process.stdout.write(JSON.stringify(roots.map((root) => (existsSync(root) ? look(root) : {}))));
