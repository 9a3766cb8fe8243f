/**
 * Removes passwords from a text, for example from an error about a mistyped flag, which repeats the flag's value. The
 * word `password` stays where it is part of an example. A password may have a slash in it, or blanks.
 */
export const withoutPasswords = (text: string): string =>
  text
    .replace(/(\b[a-z][a-z+.-]*:\/\/[^\s:/@]*):(?!password@)(?:\S*|[^/\n]*)@/gi, '$1:***@')
    .replace(/\b(pass(?:word)?|pgpassword|db_pass)=[^\s&'"]+/gi, '$1=***');
