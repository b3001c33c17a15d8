/**
 * Writes oclif.manifest.json from the commands of dist/oclif.cjs: with it oclif knows every command without loading one.
 *
 *   npm run manifest
 */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout, program, Trouble } from './steps.mjs';

/** @returns {Promise<string>} the file's text, as the commands are now */
export async function makeManifest() {
  if (!existsSync(join(checkout, 'dist/oclif.cjs'))) throw new Trouble('dist/oclif.cjs is missing: run npm run build, then try again');
  const { Plugin } = await import('@oclif/core');
  const plugin = new Plugin({ root: checkout, type: 'core', ignoreManifest: true, errorOnManifestCreate: true });
  await plugin.load();
  const commands = Object.entries(plugin.manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1));
  return `${JSON.stringify({ ...plugin.manifest, commands: Object.fromEntries(commands) }, null, 2)}\n`;
}

await program(import.meta.url, async () => {
  writeFileSync(join(checkout, 'oclif.manifest.json'), await makeManifest());
});
