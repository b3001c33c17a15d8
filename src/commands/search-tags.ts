import { defineCommand } from '../cli/command.js';
import { SEARCH_TAGS } from '../cli/flags/search-tags.js';

export default defineCommand(SEARCH_TAGS, async ({ args: [repository = ''], options, values, stdout, json }) => {
  const { searchTags } = await import('../index.js');
  const tags = await searchTags(repository, options);
  if (values.json) json(tags);
  else stdout.write(tags.map((tag) => `${tag}\n`).join(''));
});
