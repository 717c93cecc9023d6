/* The swap styles that htmx lacks: "insert-entries" puts entries in their place and morphs those that are there; "reload"
   is for a page that is too far behind; "refresh-settings" and "replace-parts" are for changed settings, and
   "insert-newer" for a list whose top had left the page. */
import {lazy, refreshSettings} from './lazy-loader.js';
import {insertEntries} from './list.js';
import {useApi} from './morph.js';
import {fetchList} from './refetch.js';

htmx.registerExtension('wall', {
  init: useApi,
  handle_swap(style, target, fragment, spec) {
    if (style === 'reload') return fetchList(), refreshSettings(), [];
    if (style === 'refresh-settings') return refreshSettings(), [];
    if (style === 'replace-parts') return lazy.replaceParts(fragment), [];
    if (style === 'insert-newer') return lazy.insertNewer(fragment);
    return style === 'insert-entries' && insertEntries(target, fragment, spec);
  }
});
