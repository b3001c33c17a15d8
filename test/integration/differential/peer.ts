/**
 * Asks podman what the table says that it answers: `npm run differential -- [WRAPPER…] podman [FLAG OF RUN…]`. Images are pulled into a store
 * that is removed afterwards.
 */
import { dirname } from 'node:path';
import { succeed } from '../../harness/process.js';
import { temporaryDirectory } from '../../harness/temporary.js';
import { answer, prepare, type Tool } from './answer.js';
import { tableImages } from './images.js';
import type { Answer, Row } from './row.js';
import { TABLE } from './table.js';

async function peer(wrapper: readonly string[], runFlags: readonly string[]): Promise<Tool> {
  const directory = temporaryDirectory();
  const command = ['podman', '--root', `${directory}/root`, '--runroot', `${directory}/run`];
  const env = { PATH: process.env['PATH'] ?? '', HOME: directory };
  const images: Record<string, string> = {};
  for (const [name, reference] of Object.entries(await tableImages())) {
    // podman makes a name of the path, which must be one of lower case.
    const [, path = '', tag = ''] = reference.split(':');
    const id = await succeed([...wrapper, ...command, 'pull', '-q', `oci:images:${tag}`], { cwd: dirname(path), env });
    images[name] = id.trim();
  }
  const tool: Tool = { command, runFlags: ['--network=none', ...runFlags], wrapper, env, images, directory };
  prepare(tool);
  return tool;
}

const expected = ({ code, stdout, stderr, podman }: Row): Answer =>
  podman !== 'same' && 'why' in podman ? podman : { code, stdout, stderr };

const words = process.argv.slice(2);
const at = words.indexOf('podman');
const tool = await peer(words.slice(0, Math.max(0, at)), at < 0 ? [] : words.slice(at + 1));
const rows = TABLE.flatMap(([topic, all]) => all.map((row) => ({ topic, row }))).map((each, number) => ({ ...each, number }));
let [asked, others] = [0, 0];
for (const { topic, row, number } of rows) {
  if (row.podman !== 'same' && 'notAsked' in row.podman) continue;
  const { words: said, ...found } = await answer(tool, row, number);
  const { code, stdout, stderr } = expected(row);
  asked++;
  if (JSON.stringify(found) === JSON.stringify({ code, stdout, stderr })) continue;
  others++;
  console.log(
    `✗ ${topic}: ${row.shows}\n  ${row.typed}\n  found    ${JSON.stringify(found)}\n  recorded ${JSON.stringify({ code, stdout, stderr })}\n  ${said}`,
  );
}
console.log(`${asked} of ${rows.length} rows asked; ${others} answered otherwise than recorded`);
process.exit(others === 0 ? 0 : 1);
