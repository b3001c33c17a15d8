import { defineCommand } from '../cli/command.js';
import { LOGS } from '../cli/flags/logs.js';

export default defineCommand(LOGS, async ({ args: [name = ''], options, values, stdout, stderr }) => {
  const { logs } = await import('../index.js');
  // A part of a long line has no newline: what follows on that stream is the rest of it, and gets no time.
  const within = { stdout: false, stderr: false };
  for await (const { stream, time, text } of logs(name, options)) {
    const shown = values.json
      ? `${JSON.stringify({ stream, time, log: text })}\n`
      : values.timestamps && !within[stream]
        ? `${time} ${text}`
        : text;
    within[stream] = !text.endsWith('\n');
    (stream === 'stdout' || values.json ? stdout : stderr).write(shown);
  }
});
