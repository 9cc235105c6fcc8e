import { FIRST_PAGE, isFirstPage, nextPage, wholeList } from './pages';

it('reads a list to its end, and says if there is more than it reads', async () => {
  const asked: unknown[] = [];
  const list = (last: number) => async (query: { readonly cursor?: string; readonly limit: number }) => {
    asked.push(query);
    const at = Number(query.cursor ?? 0);
    return { items: [at], nextCursor: at === last ? null : String(at + 1) };
  };
  expect(await wholeList(list(2))).toEqual({ items: [0, 1, 2], isWhole: true });
  expect(asked).toEqual([{ limit: 200 }, { limit: 200, cursor: '1' }, { limit: 200, cursor: '2' }]);
  const cut = await wholeList(list(100));
  expect([cut.items.length, cut.isWhole]).toEqual([20, false]);
});

it('goes on after a page', () => {
  expect([nextPage({ items: [], nextCursor: null }), nextPage({ items: [], nextCursor: 'x' })]).toEqual([
    undefined,
    { cursor: 'x' },
  ]);
  expect([isFirstPage(FIRST_PAGE), isFirstPage({ cursor: 'x' })]).toEqual([true, false]);
});
