/** The script of a report. It reads what the report carries and asks nobody for anything. */
import { byId } from './dom.ts';
import { followAddress } from './item-dialog.ts';
import { showItems } from './items.ts';
import { showOverview } from './overview.ts';
import type { PageHead, PageItem } from './page-data.ts';

const head = JSON.parse(byId('experiment').textContent ?? '') as PageHead;
const items = [...document.querySelectorAll('script.rows')].flatMap(
  (block) => JSON.parse(block.textContent ?? '') as PageItem[],
);
showOverview(head, items);
showItems(head, items);
followAddress(items);
