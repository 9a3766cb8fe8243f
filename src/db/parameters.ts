/**
 * A statement that uses only some of the parameters of a longer list, with those numbered from $1, and their numbers in
 * the list, in ascending order: what is bound is picked by them.
 */
export const renumbered = (text: string): { readonly text: string; readonly used: readonly number[] } => {
  const used = [...new Set([...text.matchAll(/\$(\d+)/g)].map(([, digits]) => Number(digits)))].sort(
    (one, other) => one - other,
  );
  return {
    text: text.replace(/\$(\d+)/g, (_, digits: string) => `$${used.indexOf(Number(digits)) + 1}`),
    used,
  };
};
