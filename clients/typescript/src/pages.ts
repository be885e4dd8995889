/**
 * Lists, page after page.
 *
 * @module
 */

/** A page of a list, as far as going on needs it. */
export interface Page {
  /** "" on the last page. */
  nextPageToken: string;
}

/**
 * Gives the items of each page, and fetches a page when the one before is used
 * up. Leaving the loop early fetches nothing more. What a fetch throws is thrown
 * here; a page that leads to itself throws an Error, so that no list is endless.
 */
export async function* items<P extends Page, Item>(
  fetchPage: (page: { pageToken?: string }) => Promise<P>,
  itemsOf: (page: P) => readonly Item[],
): AsyncGenerator<Item, void, undefined> {
  let token: string | undefined;
  do {
    const page = await fetchPage(token === undefined ? {} : { pageToken: token });
    if (page.nextPageToken !== "" && page.nextPageToken === token) {
      throw new Error("the list does not end: a page names itself as the next one");
    }
    yield* itemsOf(page);
    token = page.nextPageToken;
  } while (token !== "");
}
