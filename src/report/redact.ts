/**
 * A text without the passwords of the URLs in it: what commander says of a mistyped flag repeats the flag's value.
 * Messages of our own never hold one; this is for texts that others wrote.
 */
export const withoutPasswords = (text: string): string =>
  text
    .replace(/(\b[a-z][a-z+.-]*:\/\/[^\s:/@]*):\S*@/gi, '$1:***@')
    .replace(/\b(pass(?:word)?|pgpassword|db_pass)=[^\s&'"]+/gi, '$1=***');
